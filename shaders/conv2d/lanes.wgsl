// conv2d, lanes: for software Vulkan and other narrow-SIMD adapters, where a load costs tens of multiply-adds and a barrier more.
// The lanes of a subgroup are neighbouring pixels; each thread keeps TP pixels x TC output channels in registers. Operands come
// from read-only storage textures (four channels a fetch, half the price of a buffer load); each lane loads a share of the
// weights and passes it round the subgroup. No workgroup memory, no barrier.
// x, residual, y: planes of 4 channels, see layout tex4.  weight: texels of 4 inputs of one output, [out/TC][kh][kw][in/4][TC].
enable subgroups;

const LANES: u32 = 8; // threads of a workgroup = lanes of a subgroup
const TP: u32 = 4; // pixels of a thread, LANES apart: the columns of a mat4x4f, and a fifth where that leaves fewer threads idle
const TC: u32 = 16; // output channels of a thread: s0 to s15 of four pixels, t0 to t15 of the fifth

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
  relu: u32,
  in_columns: u32, // planes side by side in the texture
  out_columns: u32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var residual: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(5) var<uniform> params: Params;

// Quotient and remainder from a float estimate, off by one at most and put right: integer divisions are done lane by lane.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

// The texel of an input pixel in plane 0. Outside the picture wraps to a huge number; column 0 of every plane is zero.
fn source(xy: vec2u, image: u32) -> vec2u {
  return select(vec2u(0), xy + vec2u(1, image), xy.x < params.in_w && xy.y < params.in_h);
}

fn load_weight(i: u32) -> vec4f {
  return textureLoad(weight, vec2u(i % WEIGHT_WIDTH, i / WEIGHT_WIDTH));
}

// v * k, spelt out: SwiftShader is slower at the matrix product.
fn times(v: mat4x4f, k: vec4f) -> vec4f {
  return v[0] * k.x + v[1] * k.y + v[2] * k.z + v[3] * k.w;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  // Of each pixel of this thread: the rows of the texture where its batch item begins, the corner of its window in the input
  // (which may lie outside it), and its texel in plane 0 of the output.
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

  // Sums of one output channel each, s of four pixels and t of the fifth. By name and not in an array: SwiftShader unrolls no loop, and
  // an array is memory there.
  var s0 = vec4f(); var t0 = 0f;
  var s1 = vec4f(); var t1 = 0f;
  var s2 = vec4f(); var t2 = 0f;
  var s3 = vec4f(); var t3 = 0f;
  var s4 = vec4f(); var t4 = 0f;
  var s5 = vec4f(); var t5 = 0f;
  var s6 = vec4f(); var t6 = 0f;
  var s7 = vec4f(); var t7 = 0f;
  var s8 = vec4f(); var t8 = 0f;
  var s9 = vec4f(); var t9 = 0f;
  var s10 = vec4f(); var t10 = 0f;
  var s11 = vec4f(); var t11 = 0f;
  var s12 = vec4f(); var t12 = 0f;
  var s13 = vec4f(); var t13 = 0f;
  var s14 = vec4f(); var t14 = 0f;
  var s15 = vec4f(); var t15 = 0f;
  if (params.has_bias != 0) {
    // One load for all: lane q has block q.
    let own = bias[min(group.y * (TC / 4) + lane, params.out_blocks - 1)];
    let b0 = subgroupShuffle(own, 0);
    let b1 = subgroupShuffle(own, 1);
    let b2 = subgroupShuffle(own, 2);
    let b3 = subgroupShuffle(own, 3);
    s0 = vec4f(b0.x); t0 = b0.x;
    s1 = vec4f(b0.y); t1 = b0.y;
    s2 = vec4f(b0.z); t2 = b0.z;
    s3 = vec4f(b0.w); t3 = b0.w;
    s4 = vec4f(b1.x); t4 = b1.x;
    s5 = vec4f(b1.y); t5 = b1.y;
    s6 = vec4f(b1.z); t6 = b1.z;
    s7 = vec4f(b1.w); t7 = b1.w;
    s8 = vec4f(b2.x); t8 = b2.x;
    s9 = vec4f(b2.y); t9 = b2.y;
    s10 = vec4f(b2.z); t10 = b2.z;
    s11 = vec4f(b2.w); t11 = b2.w;
    s12 = vec4f(b3.x); t12 = b3.x;
    s13 = vec4f(b3.y); t13 = b3.y;
    s14 = vec4f(b3.z); t14 = b3.z;
    s15 = vec4f(b3.w); t15 = b3.w;
  }
  var index = group.y * params.kernel_h * params.kernel_w * params.in_blocks * TC + lane;
  // One loop over taps and blocks of input channels: every loop within a loop moves all the sums once more, at each turn.
  var at0 = vec2u();
  var at1 = vec2u();
  var at2 = vec2u();
  var at3 = vec2u();
  var at4 = vec2u();
  var tap = vec2u();
  var plane = vec2u(); // corner of the plane of these four channels; counted, because a division costs more than the fetch
  var left = 0u; // blocks of this tap to come
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
    // Channels 4g..4g+3 of the tile lie on lanes (4g..4g+3) % LANES of w[g].
    let w0 = load_weight(index);
    var w1 = w0;
    let w2 = load_weight(index + 8);
    var w3 = w2;
    if (LANES == 4) {
      w1 = load_weight(index + 4);
      w3 = load_weight(index + 12);
    }
    index += TC;
    // Columns: four channels of a pixel each; transposed, one channel of the four pixels each.
    let v = transpose(mat4x4f(textureLoad(x, at0 + plane), textureLoad(x, at1 + plane), textureLoad(x, at2 + plane), textureLoad(x, at3 + plane)));
    var u = vec4f();
    if (TP == 5) { u = textureLoad(x, at4 + plane); }
    plane.x += params.in_w + 1;
    if (plane.x >= params.in_columns * (params.in_w + 1)) { plane = vec2u(0, plane.y + params.in_h); }
    let k0 = subgroupShuffle(w0, 0);
    s0 += times(v, k0); if (TP == 5) { t0 += dot(u, k0); }
    let k1 = subgroupShuffle(w0, 1);
    s1 += times(v, k1); if (TP == 5) { t1 += dot(u, k1); }
    let k2 = subgroupShuffle(w0, 2);
    s2 += times(v, k2); if (TP == 5) { t2 += dot(u, k2); }
    let k3 = subgroupShuffle(w0, 3);
    s3 += times(v, k3); if (TP == 5) { t3 += dot(u, k3); }
    let k4 = subgroupShuffle(w1, 4 % LANES);
    s4 += times(v, k4); if (TP == 5) { t4 += dot(u, k4); }
    let k5 = subgroupShuffle(w1, 5 % LANES);
    s5 += times(v, k5); if (TP == 5) { t5 += dot(u, k5); }
    let k6 = subgroupShuffle(w1, 6 % LANES);
    s6 += times(v, k6); if (TP == 5) { t6 += dot(u, k6); }
    let k7 = subgroupShuffle(w1, 7 % LANES);
    s7 += times(v, k7); if (TP == 5) { t7 += dot(u, k7); }
    let k8 = subgroupShuffle(w2, 8 % LANES);
    s8 += times(v, k8); if (TP == 5) { t8 += dot(u, k8); }
    let k9 = subgroupShuffle(w2, 9 % LANES);
    s9 += times(v, k9); if (TP == 5) { t9 += dot(u, k9); }
    let k10 = subgroupShuffle(w2, 10 % LANES);
    s10 += times(v, k10); if (TP == 5) { t10 += dot(u, k10); }
    let k11 = subgroupShuffle(w2, 11 % LANES);
    s11 += times(v, k11); if (TP == 5) { t11 += dot(u, k11); }
    let k12 = subgroupShuffle(w3, 12 % LANES);
    s12 += times(v, k12); if (TP == 5) { t12 += dot(u, k12); }
    let k13 = subgroupShuffle(w3, 13 % LANES);
    s13 += times(v, k13); if (TP == 5) { t13 += dot(u, k13); }
    let k14 = subgroupShuffle(w3, 14 % LANES);
    s14 += times(v, k14); if (TP == 5) { t14 += dot(u, k14); }
    let k15 = subgroupShuffle(w3, 15 % LANES);
    s15 += times(v, k15); if (TP == 5) { t15 += dot(u, k15); }
  }

  // An array at last, because the stores are a loop: unrolled, each costs its share of the compile time.
  var result = array<vec4f, TC>(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15);
  var fifth = array<f32, TC>(t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15);
  var block = group.y * (TC / 4);
  var to_plane = vec2u(block % params.out_columns * (params.out_w + 1), block / params.out_columns * params.out_h);
  for (var q = 0u; q < TC / 4; q++) {
    if (block >= params.out_blocks) { break; }
    // From one channel of four pixels to four channels of one.
    let values = transpose(mat4x4f(result[q * 4], result[q * 4 + 1], result[q * 4 + 2], result[q * 4 + 3]));
    for (var p = 0u; p < TP; p++) {
      let to = texel[p] + to_plane;
      var value = vec4f(fifth[q * 4], fifth[q * 4 + 1], fifth[q * 4 + 2], fifth[q * 4 + 3]);
      if (p < 4) { value = values[p]; }
      if (params.has_residual != 0) { value += textureLoad(residual, to); }
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
      if ((group.x * TP + p) * LANES + lane < params.pixels) { textureStore(y, to, value); }
    }
    block++;
    to_plane.x += params.out_w + 1;
    if (to_plane.x >= params.out_columns * (params.out_w + 1)) { to_plane = vec2u(0, to_plane.y + params.out_h); }
  }
}
