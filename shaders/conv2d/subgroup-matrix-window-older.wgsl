// conv2d, subgroup-matrix-window-older: subgroup-matrix-window in the syntax of older Dawn, where the order of a matrix is an argument. Otherwise the same text.
// conv2d, subgroup-matrix-window: any convolution on tensor cores. As subgroup-matrix, but the pixels of a window do not lie in
// rows, so they are gathered: a team of subgroups brings BK channels of BM windows into workgroup memory, from where matrices are
// loaded, and fetches the next while it multiplies. The KG teams that share a sum take every KG-th step each.
// x, residual, y: NHWC in blocks of four halves.  weight: [out/16][taps * in / 16] matrices of 16 inputs x 16 outputs, the inner
// dimension padded to 64.  bias: f32.
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const SUBGROUP: u32 = 32;
const SM: u32 = 1; // matrices of a subgroup along the pixels
const SN: u32 = 2; // and along the output channels
const GM: u32 = 1; // subgroups along the pixels
const GN: u32 = 2;
const KG: u32 = 4; // teams of GM x GN subgroups that share the sums
const BK: u32 = 64; // input channels of a step: 32 or 64
const THREADS: u32 = 256; // GM * GN * KG * SUBGROUP

const BM = GM * SM * 16; // pixels of a workgroup
const BN = GN * SN * 16; // output channels of a workgroup
const PITCH = SN * 16; // of a subgroup's results in workgroup memory, one row of matrices at a time
const TEAM = GM * GN * SUBGROUP;
const A_PITCH = BK + 8; // 8 more, so that the rows of a matrix lie in other banks
const A_LOADS = BM * BK / 4 / TEAM;
const A_ROWS = TEAM / (BK / 4); // rows that a team fetches at once

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
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read> weight: array<f16>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> windows: array<f16, KG * BM * A_PITCH>;
var<workgroup> sums: array<f32, GM * GN * KG * 16 * PITCH>;

fn unpacked(v: vec2u) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

fn packed(v: vec4f) -> vec2u {
  var held = select(v, vec4f(65504), v > vec4f(65504)); // select, not clamp: NaN must stay visible
  held = select(held, vec4f(-65504), held < vec4f(-65504));
  return vec2u(pack2x16float(held.xy), pack2x16float(held.zw));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tiles_n = (params.out_blocks * 4 + BN - 1) / BN;
  let index = id.y * groups.x + id.x;
  let pixel_0 = index / tiles_n * BM;
  let channel_0 = index % tiles_n * BN;
  if (pixel_0 >= params.pixels) { return; } // a folded grid may be longer than the tiles

  let team = thread / TEAM;
  let t = thread % TEAM;
  let member = t / SUBGROUP; // of the GM x GN subgroups that make other results
  let first_m = pixel_0 + member / GN * SM * 16;
  let first_n = channel_0 / 16 + member % GN * SN;

  // What this thread fetches: block `column` of the rows `row`, + A_ROWS ...; `origin` is the corner of a row's window in its
  // picture, whose first block is `image`.
  let column = t % (BK / 4);
  let row = t / (BK / 4);
  var origin: array<vec2u, A_LOADS>;
  var image: array<u32, A_LOADS>;
  for (var i = 0u; i < A_LOADS; i++) {
    let pixel = pixel_0 + row + i * A_ROWS;
    let xy = vec2u(pixel % params.out_w, pixel / params.out_w % params.out_h);
    image[i] = pixel / (params.out_w * params.out_h) * params.in_h * params.in_w * params.in_blocks;
    origin[i] = xy * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
    // Past the last pixel the window lies far outside, as it does above and left of the picture, where numbers wrap.
    if (pixel >= params.pixels) { origin[i] = vec2u(1u << 30); }
  }
  let k_blocks = params.kernel_h * params.kernel_w * params.in_blocks;
  let steps_packed = (k_blocks + 15) / 16 * 4;
  let last_n = (params.out_blocks + 3) / 4 - 1;
  let steps = (k_blocks + KG * BK / 4 - 1) / (KG * BK / 4);
  // This thread's column as tap and channel, moved on step by step, because divisions are dear.
  let first_k = team * BK / 4 + column;
  var c4 = first_k % params.in_blocks;
  var tap = vec2u(first_k / params.in_blocks % params.kernel_w, first_k / params.in_blocks / params.kernel_w);

  let from_a = team * BM * A_PITCH;
  var fetched: array<vec2u, A_LOADS>;
  var sum: array<subgroup_matrix_result<f32, 16, 16>, SM * SN>;
  for (var step = 0u; step <= steps; step++) {
    if (step > 0) {
      for (var i = 0u; i < A_LOADS; i++) {
        let v = bitcast<vec4<f16>>(fetched[i]);
        let at = from_a + (row + i * A_ROWS) * A_PITCH + column * 4;
        windows[at] = v.x;
        windows[at + 1] = v.y;
        windows[at + 2] = v.z;
        windows[at + 3] = v.w;
      }
      workgroupBarrier();
    }
    if (step < steps) {
      for (var i = 0u; i < A_LOADS; i++) {
        let at = origin[i] + tap * vec2u(params.dilation_w, params.dilation_h);
        fetched[i] = vec2u();
        if (at.x < params.in_w && at.y < params.in_h && tap.y < params.kernel_h) {
          fetched[i] = x[image[i] + (at.y * params.in_w + at.x) * params.in_blocks + c4];
        }
      }
      c4 += KG * BK / 4;
      while (c4 >= params.in_blocks) {
        c4 -= params.in_blocks;
        tap.x += 1;
        if (tap.x == params.kernel_w) { tap = vec2u(0, tap.y + 1); }
      }
    }
    if (step > 0) {
      for (var k = 0u; k < BK / 16; k++) {
        var left: array<subgroup_matrix_left<f16, 16, 16>, SM>;
        for (var i = 0u; i < SM; i++) {
          let start = from_a + (member / GN * SM + i) * 16 * A_PITCH + k * 16;
          left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>>(&windows, start, false, A_PITCH);
        }
        // Past the packed end the windows are zero, so any weights will do.
        let step_k = min(((step - 1) * KG + team) * BK / 16 + k, steps_packed - 1);
        for (var j = 0u; j < SN; j++) {
          let start = (min(first_n + j, last_n) * steps_packed + step_k) * 256;
          let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>>(&weight, start, false, 16);
          for (var i = 0u; i < SM; i++) { sum[i * SN + j] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[i * SN + j]); }
        }
      }
      workgroupBarrier();
    }
  }

  for (var i = 0u; i < SM; i++) {
    for (var j = 0u; j < SN; j++) {
      subgroupMatrixStore(&sums, (team * GM * GN + member) * 16 * PITCH + j * 16, sum[i * SN + j], false, PITCH);
    }
    workgroupBarrier();
    for (var item = team * SUBGROUP + t % SUBGROUP; item < 4 * PITCH; item += KG * SUBGROUP) {
      let pixel = first_m + i * 16 + item / (PITCH / 4);
      let block = first_n * 4 + item % (PITCH / 4);
      if (pixel >= params.pixels || block >= params.out_blocks) { continue; }
      var value = vec4f();
      for (var g = 0u; g < KG; g++) {
        let at = (g * GM * GN + member) * 16 * PITCH + item * 4;
        value += vec4f(sums[at], sums[at + 1], sums[at + 2], sums[at + 3]);
      }
      let to = pixel * params.out_blocks + block;
      if (params.has_bias != 0) { value += bias[block]; }
      if (params.has_residual != 0) { value += unpacked(residual[to]); }
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); } // select, not max: NaN must stay visible
      y[to] = packed(value);
    }
    workgroupBarrier();
  }
}
