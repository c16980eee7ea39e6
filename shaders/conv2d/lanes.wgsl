// conv2d, lanes: for software Vulkan and other narrow SIMD, where a load costs tens of multiply-adds.
// Over vec4:
// - The lanes of a subgroup are neighbouring pixels. Each thread keeps TP pixels x TC output channels in registers.
// - Operands come from read-only storage textures: four channels a fetch, half the price of a load from a buffer.
// - Each lane loads a share of the weights and passes it round the subgroup. A barrier would cost more than a load.
// It runs transposed convolutions as well, in phases: src/kernel/conv-lanes.ts. A workgroup takes windows of one phase.
// Operands:
//   x, residual, y  planes of 4 channels, see layout tex4
//   weight          texels of 4 inputs of one output, [out/TC][kh][kw][in/4][TC]
//   bias            one f32 per output channel
enable subgroups;

const LANES: u32 = 8; // threads of a workgroup = lanes of a subgroup
const TP: u32 = 4; // pixels of a thread, LANES apart: 4, the columns of a mat4x4f, or 5
const TC: u32 = 32; // output channels of a thread, four in each of s0 to s7: 32 on 8 lanes, or 16, in s0 to s3

const WEIGHT_WIDTH: u32 = 1024; // texels in a row of the weight texture

struct Params {
  in_h: u32,
  in_w: u32,
  in_blocks: u32, // in channels / 4
  in_columns: u32, // planes side by side in the texture
  in_rows: u32, // rows of the texture that a batch item takes
  out_h: u32,
  out_w: u32,
  out_blocks: u32,
  out_columns: u32,
  out_rows: u32,
  windows: u32, // of a phase: batch * windows_h * windows_w
  windows_h: u32,
  windows_w: u32,
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32, // from a window to the next
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32, // from a tap to the next: -1 in a transposed convolution
  dilation_w: u32,
  phases_h: u32, // the stride of a transposed convolution; 1 in others
  phases_w: u32,
  skip_h: u32, // full strides of the uncropped result above row 0, and the rest of them
  skip_w: u32,
  skip_rest_h: u32,
  skip_rest_w: u32,
  taps_h: u32, // kernel_h / phases_h, and the rest: phases below it have one tap more
  taps_w: u32,
  taps_rest_h: u32,
  taps_rest_w: u32,
  has_bias: u32,
  has_residual: u32,
  relu: u32, // 0: none, 1: ReLU, 2: ReLU6
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var residual: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(5) var<uniform> params: Params;

// Quotient and remainder, for quotients below 2^22. A CPU divides integers lane by lane, so this takes a float
// estimate, which is off by one at most, and corrects it.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

// Texel of an input pixel in plane 0. Pixels outside the picture are read from column 0, which is zero in every plane.
// Unsigned: positions above and left of the picture wrap to huge numbers.
fn source(xy: vec2u, image: u32) -> vec2u {
  return select(vec2u(0), xy + vec2u(1, image), xy.x < params.in_w && xy.y < params.in_h);
}

fn load_weight(i: u32) -> vec4f {
  return textureLoad(weight, vec2u(i % WEIGHT_WIDTH, i / WEIGHT_WIDTH));
}

// v * k, written out: SwiftShader is slower at the matrix product.
fn times(v: mat4x4f, k: vec4f) -> vec4f {
  return v[0] * k.x + v[1] * k.y + v[2] * k.z + v[3] * k.w;
}

// Sums of four output channels, of five pixels.
struct Sums5 {
  p: mat4x4f, // a column for each channel, a row for each of pixels 0 to 3
  e0: f32, // of the fifth pixel; four scalars, because a vector is slower
  e1: f32,
  e2: f32,
  e3: f32,
}

// v[c]: input channel c of pixels 0 to 3. u: four input channels of the fifth pixel. w of lane `lane + o`: the weights
// of output channel o.
fn accumulate5(s: Sums5, v: mat4x4f, u: vec4f, w: vec4f, lane: u32) -> Sums5 {
  var sums = s;
  let k0 = subgroupShuffle(w, lane);
  sums.p[0] += times(v, k0);
  if (TP == 5) { sums.e0 += dot(u, k0); }
  let k1 = subgroupShuffle(w, lane + 1);
  sums.p[1] += times(v, k1);
  if (TP == 5) { sums.e1 += dot(u, k1); }
  let k2 = subgroupShuffle(w, lane + 2);
  sums.p[2] += times(v, k2);
  if (TP == 5) { sums.e2 += dot(u, k2); }
  let k3 = subgroupShuffle(w, lane + 3);
  sums.p[3] += times(v, k3);
  if (TP == 5) { sums.e3 += dot(u, k3); }
  return sums;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  // The output pixels of a phase lie `phases` apart, from `first` on, and meet every `phases`-th tap, from `phase` on.
  let phases = vec2u(params.phases_w, params.phases_h);
  let phase = divide(group.z, phases.x).yx;
  let rest = vec2u(params.skip_rest_w, params.skip_rest_h);
  let is_before = phase < rest;
  let first = select(phase, phase + phases, is_before) - rest;
  let newest = vec2u(params.skip_w, params.skip_h) + vec2u(is_before);
  let has_more = phase < vec2u(params.taps_rest_w, params.taps_rest_h);
  let taps = vec2u(params.taps_w, params.taps_h) + vec2u(has_more);

  // For each pixel of this thread: the texture row where its batch item begins, the corner of its window in the input
  // (which may lie outside), and its texel in plane 0 of the output.
  var image: array<u32, TP>;
  var corner: array<vec2u, TP>;
  var texel: array<vec2u, TP>;
  var inside: array<bool, TP>;
  for (var p = 0u; p < TP; p++) {
    let window = (group.x * TP + p) * LANES + lane;
    let row = divide(min(window, params.windows - 1), params.windows_w);
    let n = divide(row.x, params.windows_h);
    let at = vec2u(row.y, n.y);
    let out = first + at * phases;
    image[p] = n.x * params.in_rows;
    corner[p] = (newest + at) * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
    texel[p] = out + vec2u(1, n.x * params.out_rows);
    inside[p] = window < params.windows && out.x < params.out_w && out.y < params.out_h;
  }

  // Separate variables: SwiftShader unrolls no loop and keeps arrays in memory.
  var s0 = Sums5();
  var s1 = Sums5();
  var s2 = Sums5();
  var s3 = Sums5();
  var s4 = Sums5();
  var s5 = Sums5();
  var s6 = Sums5();
  var s7 = Sums5();
  let tile = group.y * params.kernel_h;
  var index = 0u;
  // One flat loop over taps and blocks of input channels: nested loops copy all the sums in every iteration.
  var at0 = vec2u();
  var at1 = vec2u();
  var at2 = vec2u();
  var at3 = vec2u();
  var at4 = vec2u();
  var tap = vec2u();
  var plane = vec2u(); // corner of these channels' plane; counted, because a division costs more than a fetch
  var left = 0u; // blocks of input channels that remain for this tap
  let steps = taps.x * taps.y * params.in_blocks;
  for (var i = 0u; i < steps; i++) {
    if (left == 0) {
      left = params.in_blocks;
      plane = vec2u(0);
      let k = phase + tap * phases;
      index = ((tile + k.y) * params.kernel_w + k.x) * params.in_blocks * TC + lane;
      let shift = tap * vec2u(params.dilation_w, params.dilation_h);
      at0 = source(corner[0] + shift, image[0]);
      at1 = source(corner[1] + shift, image[1]);
      at2 = source(corner[2] + shift, image[2]);
      at3 = source(corner[3] + shift, image[3]);
      at4 = source(corner[TP - 1] + shift, image[TP - 1]);
      tap.x++;
      if (tap.x == taps.x) { tap = vec2u(0, tap.y + 1); }
    }
    left--;
    // Output channels 4g..4g+3 of the tile lie on lanes (4g..4g+3) % LANES of w[g].
    let w0 = load_weight(index);
    var w1 = w0;
    if (LANES == 4) { w1 = load_weight(index + 4); }
    let w2 = load_weight(index + 8);
    var w3 = w2;
    if (LANES == 4) { w3 = load_weight(index + 12); }
    var w4 = w0;
    if (TC == 32) { w4 = load_weight(index + 16); }
    var w6 = w0;
    if (TC == 32) { w6 = load_weight(index + 24); }
    index += TC;
    // Fetched, a column holds four channels of one pixel. Transposed, it holds one channel of four pixels.
    let v = transpose(mat4x4f(
      textureLoad(x, at0 + plane), textureLoad(x, at1 + plane),
      textureLoad(x, at2 + plane), textureLoad(x, at3 + plane)));
    var u = vec4f();
    if (TP == 5) { u = textureLoad(x, at4 + plane); }
    plane.x += params.in_w + 1;
    if (plane.x >= params.in_columns * (params.in_w + 1)) { plane = vec2u(0, plane.y + params.in_h); }
    s0 = accumulate5(s0, v, u, w0, 0);
    s1 = accumulate5(s1, v, u, w1, 4 % LANES);
    s2 = accumulate5(s2, v, u, w2, 0);
    s3 = accumulate5(s3, v, u, w3, 4 % LANES);
    if (TC == 32) {
      s4 = accumulate5(s4, v, u, w4, 0);
      s5 = accumulate5(s5, v, u, w4, 4);
      s6 = accumulate5(s6, v, u, w6, 0);
      s7 = accumulate5(s7, v, u, w6, 4);
    }
  }

  let block = group.y * (TC / 4);
  let place = divide(block, params.out_columns);
  var to_plane = vec2u(place.y * (params.out_w + 1), place.x * params.out_h);
  // One load for all channels: lane q holds block q of the tile.
  var biases = vec4f();
  if (params.has_bias != 0) { biases = bias[min(block + lane, params.out_blocks - 1)]; }
  // The inner loop stores s0 and moves s1 to s3 up. The outer one brings s4 to s7: moving all eight at once is slower.
  // The bounds are not constant, so that no loop is unrolled: that would save 4 % and double the time to compile.
  let last = min(block + TC / 4, params.out_blocks);
  for (var start = block; start < last; start += 4) {
    for (var q = start; q < min(last, start + 4); q++) {
      // From one channel of four pixels to four channels of one pixel.
      let values = transpose(s0.p);
      let b = subgroupShuffle(biases, q - block);
      for (var p = 0u; p < TP; p++) {
        let to = texel[p] + to_plane;
        var value = vec4f(s0.e0, s0.e1, s0.e2, s0.e3);
        if (p < 4) { value = values[p]; }
        value += b;
        if (params.has_residual != 0) { value += textureLoad(residual, to); }
        if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
        if (params.relu == 2) { value = select(value, vec4f(6), value > vec4f(6)); }
        if (inside[p]) { textureStore(y, to, value); }
      }
      to_plane.x += params.out_w + 1;
      if (to_plane.x >= params.out_columns * (params.out_w + 1)) { to_plane = vec2u(0, to_plane.y + params.out_h); }
      s0 = s1;
      s1 = s2;
      s2 = s3;
    }
    s0 = s4;
    s1 = s5;
    s2 = s6;
    s3 = s7;
  }
}
