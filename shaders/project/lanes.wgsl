// project, lanes: for software Vulkan and other narrow-SIMD adapters (see conv2d/lanes.wgsl for why it looks so). The lanes of a
// subgroup are neighbouring pixels; each thread keeps 4 pixels x TC classes in registers.
// x, y: planes of 4 channels, see layout tex4.  weight: texels of 4 inputs of one class, [classes/TC][in/4][TC].
enable subgroups;

const LANES: u32 = 8; // threads of a workgroup = lanes of a subgroup
const TP: u32 = 4; // pixels of a thread, LANES apart: the columns of a mat4x4f
const TC: u32 = 16; // classes of a thread

const WEIGHT_WIDTH: u32 = 1024; // texels in a row of the weight texture

struct Params {
  width: u32,
  height: u32,
  in_blocks: u32, // features / 4
  in_columns: u32, // planes side by side in the texture
  out_blocks: u32,
  out_columns: u32,
  pixels: u32, // batch * height * width
  has_bias: u32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(4) var<uniform> params: Params;

// Quotient and remainder from a float estimate, off by one at most and put right: integer divisions are done lane by lane.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let in_rows = (params.in_blocks + params.in_columns - 1) / params.in_columns * params.height;
  let out_rows = (params.out_blocks + params.out_columns - 1) / params.out_columns * params.height;
  var source: array<vec2u, TP>; // in plane 0 of the input
  var texel: array<vec2u, TP>; // in plane 0 of the output
  for (var p = 0u; p < TP; p++) {
    let row = divide(min((group.x * TP + p) * LANES + lane, params.pixels - 1), params.width);
    let n = divide(row.x, params.height);
    source[p] = vec2u(row.y + 1, n.x * in_rows + n.y);
    texel[p] = vec2u(row.y + 1, n.x * out_rows + n.y);
  }

  var sum: array<vec4f, TC>; // of one class, for the thread's four pixels
  if (params.has_bias != 0) {
    // One load for all: lane q has block q.
    let own = bias[min(group.y * (TC / 4) + lane, params.out_blocks - 1)];
    for (var c = 0u; c < TC; c++) { sum[c] = vec4f(subgroupShuffle(own, c / 4)[c % 4]); }
  }
  var index = group.y * params.in_blocks * TC + lane;
  var plane = vec2u(0); // corner of the plane of c4; counted, because a division costs more than the fetch
  for (var c4 = 0u; c4 < params.in_blocks; c4++) {
    var w: array<vec4f, TC / LANES>;
    for (var j = 0u; j < TC / LANES; j++) {
      let i = index + j * LANES;
      w[j] = textureLoad(weight, vec2u(i % WEIGHT_WIDTH, i / WEIGHT_WIDTH));
    }
    index += TC;
    // Columns: four channels of a pixel each; transposed, one channel of the four pixels each.
    let v = transpose(mat4x4f(
      textureLoad(x, source[0] + plane), textureLoad(x, source[1] + plane),
      textureLoad(x, source[2] + plane), textureLoad(x, source[3] + plane)));
    plane.x += params.width + 1;
    if (plane.x >= params.in_columns * (params.width + 1)) { plane = vec2u(0, plane.y + params.height); }
    for (var c = 0u; c < TC; c++) { sum[c] += v * subgroupShuffle(w[c / LANES], c % LANES); }
  }

  // A copy, so that only the copy is indexed at run time and the sums themselves stay in registers.
  var result = sum;
  var block = group.y * (TC / 4);
  var to_plane = vec2u(block % params.out_columns * (params.width + 1), block / params.out_columns * params.height);
  for (var q = 0u; q < TC / 4; q++) {
    if (block >= params.out_blocks) { break; }
    // From one class of four pixels to four classes of one.
    let values = transpose(mat4x4f(result[q * 4], result[q * 4 + 1], result[q * 4 + 2], result[q * 4 + 3]));
    for (var p = 0u; p < TP; p++) {
      if ((group.x * TP + p) * LANES + lane < params.pixels) { textureStore(y, texel[p] + to_plane, values[p]); }
    }
    block++;
    to_plane.x += params.width + 1;
    if (to_plane.x >= params.out_columns * (params.width + 1)) { to_plane = vec2u(0, to_plane.y + params.height); }
  }
}
