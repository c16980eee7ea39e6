// conv2d, subgroup-matrix-older: subgroup-matrix in the syntax of older Dawn, where the order of a matrix is an argument. Otherwise the same text.
// conv2d, subgroup-matrix: a pointwise convolution on tensor cores. Activations and weights are f16 and go from storage straight
// into 16 x 16 matrices of a subgroup; sums are f32. A subgroup makes SM x SN such matrices of the result, a workgroup GM x GN
// times as many; KG subgroups share each sum, every one taking every KG-th matrix along the input channels. Results pass through
// workgroup memory, because a matrix cannot be taken apart: there they are added up in a fixed order and finished.
// x, residual, y: NHWC in blocks of four halves, input channels a multiple of 16, at least 16 pixels.
// weight: [out/16][in/16] matrices of 16 inputs x 16 outputs, in padded to 64.  bias: f32.
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const SUBGROUP: u32 = 32;
const SM: u32 = 1; // matrices of a subgroup along the pixels
const SN: u32 = 2; // and along the output channels
const GM: u32 = 1; // subgroups along the pixels
const GN: u32 = 1;
const KG: u32 = 4; // subgroups that share a sum
const THREADS: u32 = 128; // GM * GN * KG * SUBGROUP

const BM = GM * SM * 16; // pixels of a workgroup
const BN = GN * SN * 16; // output channels of a workgroup
const PITCH = SN * 16; // of a subgroup's results in workgroup memory, one row of matrices at a time
const TEAM = KG * SUBGROUP; // threads that share sums

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

@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read> weight: array<f16>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(5) var<uniform> params: Params;

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

  let subgroup = thread / SUBGROUP;
  let share = subgroup % KG;
  let team = subgroup / KG; // of the GM x GN that make other results
  let first_m = pixel_0 + team / GN * SM * 16;
  let first_n = channel_0 / 16 + team % GN * SN;
  let pitch = params.in_blocks * 4;
  let steps = params.in_blocks / 4;
  let steps_packed = (steps + 3) / 4 * 4;
  let last_n = (params.out_blocks + 3) / 4 - 1;

  var sum: array<subgroup_matrix_result<f32, 16, 16>, SM * SN>;
  for (var k = share; k < steps; k += KG) {
    var left: array<subgroup_matrix_left<f16, 16, 16>, SM>;
    for (var i = 0u; i < SM; i++) {
      // The last 16 pixels stand in for a matrix that would reach past the end.
      let pixel = min(first_m + i * 16, params.pixels - 16);
      left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>>(&x, pixel * pitch + k * 16, false, pitch);
    }
    for (var j = 0u; j < SN; j++) {
      let start = (min(first_n + j, last_n) * steps_packed + k) * 256;
      let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>>(&weight, start, false, 16);
      for (var i = 0u; i < SM; i++) { sum[i * SN + j] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[i * SN + j]); }
    }
  }

  for (var i = 0u; i < SM; i++) {
    for (var j = 0u; j < SN; j++) {
      subgroupMatrixStore(&sums, subgroup * 16 * PITCH + j * 16, sum[i * SN + j], false, PITCH);
    }
    workgroupBarrier();
    let wanted = first_m + i * 16;
    for (var item = thread % TEAM; item < 4 * PITCH; item += TEAM) {
      let pixel = min(wanted, params.pixels - 16) + item / (PITCH / 4);
      let block = first_n * 4 + item % (PITCH / 4);
      if (pixel < wanted || block >= params.out_blocks) { continue; }
      var value = vec4f();
      for (var g = 0u; g < KG; g++) {
        let at = (team * KG + g) * 16 * PITCH + item * 4;
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
