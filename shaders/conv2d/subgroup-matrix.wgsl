// conv2d, subgroup-matrix: a pointwise convolution on tensor cores, in f16 with f32 sums.
// Over tiled-f16:
// - Activations and weights go from storage straight into 16 x 16 matrices of a subgroup.
// - A subgroup computes SM x SN such matrices of the result, a workgroup GM x GN times as many. KG subgroups share
//   each sum: every one takes every KG-th matrix along the input channels.
// - Results pass through workgroup memory, because a shader cannot access the elements of a matrix. There they are
//   added up in a fixed order and finished.
// Operands:
//   x, residual, y  NHWC in blocks of four halves; input channels a multiple of 16, at least 16 pixels
//   weight          [out/16][in/16] matrices of 16 inputs x 16 outputs in halves, `in` padded to 64
//   bias            one f32 per output channel
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const SUBGROUP: u32 = 32; // lanes of a subgroup
const SM: u32 = 1; // matrices of a subgroup along the pixels
const SN: u32 = 2; // matrices of a subgroup along the output channels
const GM: u32 = 1; // subgroups along the pixels
const GN: u32 = 1; // subgroups along the output channels
const KG: u32 = 4; // subgroups that share a sum
const THREADS: u32 = 128; // GM * GN * KG * SUBGROUP

const SIDE: u32 = 16; // rows and columns of a matrix
const BM = GM * SM * SIDE; // pixels of a workgroup
const BN = GN * SN * SIDE; // output channels of a workgroup
const PITCH = SN * SIDE; // row length of a subgroup's results in workgroup memory
const RESULTS = SIDE * PITCH; // of a subgroup, for one row of matrices
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

// Four halves as they are stored.
alias Stored = vec2u;

fn load(v: Stored) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

// What f16 cannot hold becomes its largest number with the sign. WGSL leaves open what packing such a value gives.
fn store(v: vec4f) -> Stored {
  let largest = vec4f(65504);
  var held = select(v, largest, v > largest); // select, not clamp: NaN must stay visible
  held = select(held, -largest, held < -largest);
  return vec2u(pack2x16float(held.xy), pack2x16float(held.zw));
}

@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read> weight: array<f16>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<Stored>;
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> sums: array<f32, GM * GN * KG * RESULTS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles_n = (params.out_blocks * 4 + BN - 1) / BN;
  let index = id.y * groups.x + id.x;
  let first_pixel = index / tiles_n * BM;
  let first_channel = index % tiles_n * BN;
  if (first_pixel >= params.pixels) { return; } // a folded grid may be longer than the tiles

  let subgroup = thread / SUBGROUP;
  let share = subgroup % KG; // which of the matrices along the input channels it takes
  let team = subgroup / KG; // which of the GM x GN parts of the workgroup's results it computes
  let first_m = first_pixel + team / GN * SM * SIDE;
  let first_n = first_channel / SIDE + team % GN * SN;
  let pitch = params.in_blocks * 4;
  let steps = params.in_blocks / 4;
  let steps_packed = (steps + 3) / 4 * 4; // `in` is padded to 64, four matrices
  let last_n = (params.out_blocks + 3) / 4 - 1;

  var sum: array<subgroup_matrix_result<f32, 16, 16>, SM * SN>;
  for (var k = share; k < steps; k += KG) {
    var left: array<subgroup_matrix_left<f16, 16, 16>, SM>;
    for (var i = 0u; i < SM; i++) {
      // A matrix that would reach past the last pixel takes the last SIDE pixels instead.
      let pixel = min(first_m + i * SIDE, params.pixels - SIDE);
      left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&x, pixel * pitch + k * SIDE, pitch);
    }
    for (var j = 0u; j < SN; j++) {
      let start = (min(first_n + j, last_n) * steps_packed + k) * SIDE * SIDE;
      let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&weight, start, SIDE);
      for (var i = 0u; i < SM; i++) {
        let s = i * SN + j;
        sum[s] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[s]);
      }
    }
  }

  for (var i = 0u; i < SM; i++) {
    for (var j = 0u; j < SN; j++) {
      subgroupMatrixStore<row_major>(&sums, subgroup * RESULTS + j * SIDE, sum[i * SN + j], PITCH);
    }
    workgroupBarrier();
    let wanted = first_m + i * SIDE;
    for (var item = thread % TEAM; item < RESULTS / 4; item += TEAM) {
      let pixel = min(wanted, params.pixels - SIDE) + item / (PITCH / 4);
      let block = first_n * 4 + item % (PITCH / 4);
      if (pixel < wanted || block >= params.out_blocks) { continue; }
      var value = vec4f();
      for (var g = 0u; g < KG; g++) {
        let at = (team * KG + g) * RESULTS + item * 4;
        value += vec4f(sums[at], sums[at + 1], sums[at + 2], sums[at + 3]);
      }
      let to = pixel * params.out_blocks + block;
      if (params.has_bias != 0) { value += bias[block]; }
      if (params.has_residual != 0) { value += load(residual[to]); }
      // select, not max: NaN must stay visible
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
      y[to] = store(value);
    }
    workgroupBarrier();
  }
}
