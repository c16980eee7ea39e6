// conv-transpose2d, lanes: for software Vulkan and other narrow SIMD. conv2d/lanes.wgsl gives the reasons for its form.
// Over dense: a kernel of stride s is s x s small convolutions, one for each position of an output pixel within the
// stride. With t = out + skip, the taps t mod s, + s, + 2s ... meet the inputs t / s, t / s - 1, t / s - 2 ... A
// workgroup works at one position (z), so its lanes take the same taps.
// Operands:
//   x, residual, y  planes of 4 channels, see layout tex4
//   weight          texels of 4 inputs of one output, [out/TC][kh][kw][in/4][TC]
//   bias            one f32 per output channel
enable subgroups;

const LANES: u32 = 8; // threads of a workgroup = lanes of a subgroup
const TP: u32 = 4; // windows of a thread, LANES apart: the columns of a mat4x4f
const TC: u32 = 16; // output channels of a thread: s0 to s15

const WEIGHT_WIDTH: u32 = 1024; // texels in a row of the weight texture

struct Params {
  in_w: u32,
  in_h: u32,
  in_blocks: u32, // in channels / 4
  in_columns: u32, // planes side by side in the texture
  out_w: u32,
  out_h: u32,
  out_blocks: u32,
  out_columns: u32,
  windows: u32, // batch * output pixels at one position
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  skip_h: u32, // padding plus crop: rows of the uncropped result above row 0
  skip_w: u32,
  has_bias: u32,
  has_residual: u32,
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

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let image_rows = (params.in_blocks + params.in_columns - 1) / params.in_columns * params.in_h;
  let out_rows = (params.out_blocks + params.out_columns - 1) / params.out_columns * params.out_h;
  let stride = vec2u(params.stride_w, params.stride_h);
  let skip = vec2u(params.skip_w, params.skip_h);
  let position = vec2u(group.z % stride.x, group.z / stride.x); // of t within the stride
  let first = (position + stride - skip % stride) % stride; // output pixel of window 0
  let newest = (first + skip) / stride; // input pixel that tap `position` of window 0 meets
  let size = (vec2u(params.out_w, params.out_h) + stride - 1) / stride; // windows of a batch item

  var image: array<u32, TP>; // texture row where the batch item begins
  var corner: array<vec2u, TP>; // input pixel of the first tap
  var texel: array<vec2u, TP>; // in plane 0 of the output
  var inside: array<bool, TP>;
  for (var p = 0u; p < TP; p++) {
    let window = (group.x * TP + p) * LANES + lane;
    let row = divide(min(window, params.windows - 1), size.x);
    let n = divide(row.x, size.y);
    let at = vec2u(row.y, n.y);
    let out = first + at * stride;
    image[p] = n.x * image_rows;
    corner[p] = newest + at;
    texel[p] = out + vec2u(1, n.x * out_rows);
    inside[p] = window < params.windows && out.x < params.out_w && out.y < params.out_h;
  }

  // Sums of one output channel each, for the thread's four windows. Separate variables: SwiftShader unrolls no loop and
  // keeps arrays in memory.
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var s4 = vec4f();
  var s5 = vec4f();
  var s6 = vec4f();
  var s7 = vec4f();
  var s8 = vec4f();
  var s9 = vec4f();
  var s10 = vec4f();
  var s11 = vec4f();
  var s12 = vec4f();
  var s13 = vec4f();
  var s14 = vec4f();
  var s15 = vec4f();
  if (params.has_bias != 0) {
    // One load for all channels: lane q holds block q.
    let own = bias[min(group.y * (TC / 4) + lane, params.out_blocks - 1)];
    let b0 = subgroupShuffle(own, 0);
    let b1 = subgroupShuffle(own, 1);
    let b2 = subgroupShuffle(own, 2);
    let b3 = subgroupShuffle(own, 3);
    s0 = vec4f(b0.x);
    s1 = vec4f(b0.y);
    s2 = vec4f(b0.z);
    s3 = vec4f(b0.w);
    s4 = vec4f(b1.x);
    s5 = vec4f(b1.y);
    s6 = vec4f(b1.z);
    s7 = vec4f(b1.w);
    s8 = vec4f(b2.x);
    s9 = vec4f(b2.y);
    s10 = vec4f(b2.z);
    s11 = vec4f(b2.w);
    s12 = vec4f(b3.x);
    s13 = vec4f(b3.y);
    s14 = vec4f(b3.z);
    s15 = vec4f(b3.w);
  }
  var step = vec2u();
  for (var ky = position.y; ky < params.kernel_h; ky += stride.y) {
    step.x = 0;
    for (var kx = position.x; kx < params.kernel_w; kx += stride.x) {
      let at0 = source(corner[0] - step, image[0]);
      let at1 = source(corner[1] - step, image[1]);
      let at2 = source(corner[2] - step, image[2]);
      let at3 = source(corner[3] - step, image[3]);
      var index = ((group.y * params.kernel_h + ky) * params.kernel_w + kx) * params.in_blocks * TC + lane;
      var plane = vec2u(0);
      for (var c4 = 0u; c4 < params.in_blocks; c4++) {
        // Output channels 4g..4g+3 of the tile lie on lanes (4g..4g+3) % LANES of w[g].
        let w0 = load_weight(index);
        var w1 = w0;
        let w2 = load_weight(index + 8);
        var w3 = w2;
        if (LANES == 4) {
          w1 = load_weight(index + 4);
          w3 = load_weight(index + 12);
        }
        index += TC;
        // Fetched, a column holds four channels of one pixel. Transposed, it holds one channel of four pixels.
        let v = transpose(mat4x4f(
          textureLoad(x, at0 + plane), textureLoad(x, at1 + plane),
          textureLoad(x, at2 + plane), textureLoad(x, at3 + plane)));
        plane.x += params.in_w + 1;
        if (plane.x >= params.in_columns * (params.in_w + 1)) { plane = vec2u(0, plane.y + params.in_h); }
        s0 += times(v, subgroupShuffle(w0, 0));
        s1 += times(v, subgroupShuffle(w0, 1));
        s2 += times(v, subgroupShuffle(w0, 2));
        s3 += times(v, subgroupShuffle(w0, 3));
        s4 += times(v, subgroupShuffle(w1, 4 % LANES));
        s5 += times(v, subgroupShuffle(w1, 5 % LANES));
        s6 += times(v, subgroupShuffle(w1, 6 % LANES));
        s7 += times(v, subgroupShuffle(w1, 7 % LANES));
        s8 += times(v, subgroupShuffle(w2, 8 % LANES));
        s9 += times(v, subgroupShuffle(w2, 9 % LANES));
        s10 += times(v, subgroupShuffle(w2, 10 % LANES));
        s11 += times(v, subgroupShuffle(w2, 11 % LANES));
        s12 += times(v, subgroupShuffle(w3, 12 % LANES));
        s13 += times(v, subgroupShuffle(w3, 13 % LANES));
        s14 += times(v, subgroupShuffle(w3, 14 % LANES));
        s15 += times(v, subgroupShuffle(w3, 15 % LANES));
      }
      step.x++;
    }
    step.y++;
  }

  // An array for the stores alone, so that they are a loop: unrolled, they would take longer to compile.
  var result = array<vec4f, TC>(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15);
  var block = group.y * (TC / 4);
  var to_plane = vec2u(block % params.out_columns * (params.out_w + 1), block / params.out_columns * params.out_h);
  for (var q = 0u; q < TC / 4; q++) {
    if (block >= params.out_blocks) { break; }
    // From one channel of four pixels to four channels of one pixel.
    var values = transpose(mat4x4f(result[q * 4], result[q * 4 + 1], result[q * 4 + 2], result[q * 4 + 3]));
    for (var p = 0u; p < TP; p++) {
      let to = texel[p] + to_plane;
      if (params.has_residual != 0) { values[p] += textureLoad(residual, to); }
      if (inside[p]) { textureStore(y, to, values[p]); }
    }
    block++;
    to_plane.x += params.out_w + 1;
    if (to_plane.x >= params.out_columns * (params.out_w + 1)) { to_plane = vec2u(0, to_plane.y + params.out_h); }
  }
}
