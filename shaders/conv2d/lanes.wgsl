// conv2d, lanes: for software Vulkan and other narrow SIMD, where a load costs tens of multiply-adds.
// Over vec4:
// - The lanes of a subgroup are neighbouring pixels. Each thread keeps TP pixels x TC output channels in registers.
// - Operands come from read-only storage textures: four channels a fetch, half the price of a load from a buffer.
// - Each lane loads a share of the weights and passes it round the subgroup. There is no workgroup memory and no
//   barrier, which would cost more than a load.
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
  out_h: u32,
  out_w: u32,
  out_blocks: u32,
  pixels: u32, // batch * out_h * out_w
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  has_bias: u32,
  has_residual: u32,
  relu: u32, // 0: none, 1: ReLU, 2: ReLU6
  in_columns: u32, // planes side by side in the texture
  out_columns: u32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var residual: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(5) var<uniform> params: Params;

// Quotient and remainder. A CPU divides integers lane by lane, so this takes a float estimate, which is off by one at
// most, and corrects it.
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

// The biases of four channels, for every pixel.
fn splat5(b: vec4f) -> Sums5 {
  return Sums5(mat4x4f(vec4f(b.x), vec4f(b.y), vec4f(b.z), vec4f(b.w)), b.x, b.y, b.z, b.w);
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
  // For each pixel of this thread: the texture row where its batch item begins, the corner of its window in the input
  // (which may lie outside), and its texel in plane 0 of the output.
  let image_rows = (params.in_blocks + params.in_columns - 1) / params.in_columns * params.in_h;
  let out_rows = (params.out_blocks + params.out_columns - 1) / params.out_columns * params.out_h;
  var image: array<u32, TP>;
  var corner: array<vec2u, TP>;
  var texel: array<vec2u, TP>;
  for (var p = 0u; p < TP; p++) {
    let row = divide(min((group.x * TP + p) * LANES + lane, params.pixels - 1), params.out_w);
    let n = divide(row.x, params.out_h);
    image[p] = n.x * image_rows;
    corner[p] = vec2u(row.y, n.y) * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
    texel[p] = vec2u(row.y + 1, n.x * out_rows + n.y);
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
  if (params.has_bias != 0) {
    // One load for all channels: lane q holds block q.
    let own = bias[min(group.y * (TC / 4) + lane, params.out_blocks - 1)];
    s0 = splat5(subgroupShuffle(own, 0));
    s1 = splat5(subgroupShuffle(own, 1));
    s2 = splat5(subgroupShuffle(own, 2));
    s3 = splat5(subgroupShuffle(own, 3));
    if (TC == 32) {
      s4 = splat5(subgroupShuffle(own, 4));
      s5 = splat5(subgroupShuffle(own, 5));
      s6 = splat5(subgroupShuffle(own, 6));
      s7 = splat5(subgroupShuffle(own, 7));
    }
  }
  var index = group.y * params.kernel_h * params.kernel_w * params.in_blocks * TC + lane;
  // One flat loop over taps and blocks of input channels: nested loops copy all the sums in every iteration.
  var at0 = vec2u();
  var at1 = vec2u();
  var at2 = vec2u();
  var at3 = vec2u();
  var at4 = vec2u();
  var tap = vec2u();
  var plane = vec2u(); // corner of these channels' plane; counted, because a division costs more than a fetch
  var left = 0u; // blocks of input channels that remain for this tap
  let steps = params.kernel_h * params.kernel_w * params.in_blocks;
  for (var i = 0u; i < steps; i++) {
    if (left == 0) {
      left = params.in_blocks;
      plane = vec2u(0);
      let shift = tap * vec2u(params.dilation_w, params.dilation_h);
      at0 = source(corner[0] + shift, image[0]);
      at1 = source(corner[1] + shift, image[1]);
      at2 = source(corner[2] + shift, image[2]);
      at3 = source(corner[3] + shift, image[3]);
      at4 = source(corner[TP - 1] + shift, image[TP - 1]);
      tap.x++;
      if (tap.x == params.kernel_w) { tap = vec2u(0, tap.y + 1); }
    }
    left--;
    // Output channels 4g..4g+3 of the tile lie on lanes (4g..4g+3) % LANES of w[g].
    let w0 = load_weight(index);
    var w1 = w0;
    let w2 = load_weight(index + 8);
    var w3 = w2;
    if (LANES == 4) {
      w1 = load_weight(index + 4);
      w3 = load_weight(index + 12);
    }
    var w4 = w0;
    var w6 = w0;
    if (TC == 32) {
      w4 = load_weight(index + 16);
      w6 = load_weight(index + 24);
    }
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

  // An array for the stores alone, whose loop lavapipe unrolls: as a loop, it compiles faster and runs slower.
  var sums = array<Sums5, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  var block = group.y * (TC / 4);
  var to_plane = vec2u(block % params.out_columns * (params.out_w + 1), block / params.out_columns * params.out_h);
  for (var q = 0u; q < TC / 4; q++) {
    if (block >= params.out_blocks) { break; }
    // From one channel of four pixels to four channels of one pixel.
    let values = transpose(sums[q].p);
    for (var p = 0u; p < TP; p++) {
      let to = texel[p] + to_plane;
      var value = vec4f(sums[q].e0, sums[q].e1, sums[q].e2, sums[q].e3);
      if (p < 4) { value = values[p]; }
      if (params.has_residual != 0) { value += textureLoad(residual, to); }
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
      if (params.relu == 2) { value = select(value, vec4f(6), value > vec4f(6)); }
      if ((group.x * TP + p) * LANES + lane < params.pixels) { textureStore(y, to, value); }
    }
    block++;
    to_plane.x += params.out_w + 1;
    if (to_plane.x >= params.out_columns * (params.out_w + 1)) { to_plane = vec2u(0, to_plane.y + params.out_h); }
  }
}
