// conv-transpose2d-weight-gradient, lanes: for software Vulkan and other narrow SIMD. conv2d/lanes.wgsl gives the
// reasons for its form. It is conv2d-weight-gradient/lanes.wgsl with x and dy in each other's place.
// Over naive:
// - A lane of the subgroup is a column of the product: one tap and four output channels. A thread keeps the sums of
//   that column with 4 * LANES input channels in registers.
// - For each input pixel a lane loads one texel of dy, and one of x, which it passes round the subgroup.
// Operands:
//   x, dy  planes of 4 channels, see layout tex4
//   parts  [split][in][out][kh][kw]
enable subgroups;

const LANES: u32 = 8; // threads of a workgroup = lanes of a subgroup: 4 or 8

struct Params {
  y_h: u32,
  y_w: u32,
  y_blocks: u32, // out channels / 4
  y_columns: u32, // planes side by side in the texture
  x_h: u32,
  x_w: u32,
  x_blocks: u32,
  x_columns: u32,
  out_c: u32,
  in_c: u32,
  pixels: u32, // batch * x_h * x_w
  per_split: u32, // pixels of a part
  values: u32, // of all parts
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  skip_h: u32, // padding plus crop: rows of the uncropped result above row 0
  skip_w: u32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var dy: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let taps = params.kernel_h * params.kernel_w;
  // This lane's tap and block of output channels.
  let column = group.x * LANES + lane;
  let within = min(column, taps * params.y_blocks - 1);
  let tap = within / params.y_blocks;
  let block = within % params.y_blocks;
  let reach = vec2u(tap % params.kernel_w, tap / params.kernel_w) - vec2u(params.skip_w, params.skip_h);
  let stride = vec2u(params.stride_w, params.stride_h);
  // Where the planes of its blocks begin, in the first batch item. Column 0 of a plane is zero.
  let y_rows = (params.y_blocks + params.y_columns - 1) / params.y_columns * params.y_h;
  let x_rows = (params.x_blocks + params.x_columns - 1) / params.x_columns * params.x_h;
  let x_block = min(group.y * LANES + lane, params.x_blocks - 1);
  var y_plane = vec2u(
    block % params.y_columns * (params.y_w + 1) + 1,
    block / params.y_columns * params.y_h);
  var x_plane = vec2u(
    x_block % params.x_columns * (params.x_w + 1) + 1,
    x_block / params.x_columns * params.x_h);

  let first = group.z * params.per_split;
  let end = min(first + params.per_split, params.pixels);
  var at = vec2u(first % params.x_w, first / params.x_w % params.x_h); // the input pixel
  let image = first / (params.x_w * params.x_h);
  y_plane.y += image * y_rows;
  x_plane.y += image * x_rows;

  // Sums of one input channel each. Separate variables: SwiftShader unrolls no loop and keeps arrays in memory.
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
  var s16 = vec4f();
  var s17 = vec4f();
  var s18 = vec4f();
  var s19 = vec4f();
  var s20 = vec4f();
  var s21 = vec4f();
  var s22 = vec4f();
  var s23 = vec4f();
  var s24 = vec4f();
  var s25 = vec4f();
  var s26 = vec4f();
  var s27 = vec4f();
  var s28 = vec4f();
  var s29 = vec4f();
  var s30 = vec4f();
  var s31 = vec4f();
  for (var pixel = first; pixel < end; pixel++) {
    // Unsigned: positions above and left of the picture wrap to huge numbers.
    let source = at * stride + reach;
    let isInside = source.x < params.y_w && source.y < params.y_h;
    let v = textureLoad(dy, select(vec2u(0), source + y_plane, isInside));
    let g = textureLoad(x, at + x_plane);
    at.x++;
    if (at.x == params.x_w) {
      at = vec2u(0, at.y + 1);
      if (at.y == params.x_h) { // the next batch item
        at.y = 0;
        y_plane.y += y_rows;
        x_plane.y += x_rows;
      }
    }
    let g0 = subgroupShuffle(g, 0);
    s0 += v * g0.x;
    s1 += v * g0.y;
    s2 += v * g0.z;
    s3 += v * g0.w;
    let g1 = subgroupShuffle(g, 1);
    s4 += v * g1.x;
    s5 += v * g1.y;
    s6 += v * g1.z;
    s7 += v * g1.w;
    let g2 = subgroupShuffle(g, 2);
    s8 += v * g2.x;
    s9 += v * g2.y;
    s10 += v * g2.z;
    s11 += v * g2.w;
    let g3 = subgroupShuffle(g, 3);
    s12 += v * g3.x;
    s13 += v * g3.y;
    s14 += v * g3.z;
    s15 += v * g3.w;
    if (LANES == 8) {
      let g4 = subgroupShuffle(g, 4);
      s16 += v * g4.x;
      s17 += v * g4.y;
      s18 += v * g4.z;
      s19 += v * g4.w;
      let g5 = subgroupShuffle(g, 5);
      s20 += v * g5.x;
      s21 += v * g5.y;
      s22 += v * g5.z;
      s23 += v * g5.w;
      let g6 = subgroupShuffle(g, 6);
      s24 += v * g6.x;
      s25 += v * g6.y;
      s26 += v * g6.z;
      s27 += v * g6.w;
      let g7 = subgroupShuffle(g, 7);
      s28 += v * g7.x;
      s29 += v * g7.y;
      s30 += v * g7.z;
      s31 += v * g7.w;
    }
  }

  // An array for the stores alone, so that they are a loop: unrolled, they would take longer to compile.
  var sums = array<vec4f, 32>(
    s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15,
    s16, s17, s18, s19, s20, s21, s22, s23, s24, s25, s26, s27, s28, s29, s30, s31);
  let first_in = group.y * LANES * 4;
  let outs = min(LANES * 4, params.in_c - first_in);
  let channels = select(0, min(4, params.out_c - block * 4), column == within);
  var to = ((group.z * params.in_c + first_in) * params.out_c + block * 4) * taps + tap;
  for (var o = 0u; o < outs; o++) {
    for (var c = 0u; c < channels; c++) { parts[to + c * taps] = sums[o][c]; }
    to += params.out_c * taps;
  }
  // Zeros fill the last vec4.
  if (group.x + group.y + group.z == 0 && params.values + lane < (params.values + 3) / 4 * 4) {
    parts[params.values + lane] = 0;
  }
}
