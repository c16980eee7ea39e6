// conv2d, subgroup-matrix: convolutions on tensor cores, in f16 with f32 sums, straight from storage.
// Over tiled-f16:
// - Activations and weights go from storage into 16 x 16 matrices of a subgroup, without workgroup memory or barriers.
//   The padding of a window is a border of zeros around x in memory. Output pixels that follow each other then have
//   input pixels at a constant distance, for every tap: sixteen of them are the rows of a matrix.
// - A subgroup computes SM x SN such matrices of the result, a workgroup GM x GN times as many. KG subgroups share
//   each sum: every one takes every KG-th matrix along taps and input channels.
// - Results pass through workgroup memory, because a shader cannot access the elements of a matrix. There they are
//   added up in a fixed order and finished.
// A run is a stretch of output pixels at such a constant distance. With stride 1 it is a whole picture, counted along
// the rows of x: what falls on the border is computed and thrown away. With other strides it is one row of the output.
// Operands:
//   x, residual, y  NHWC in blocks of four halves, with borders; input channels a multiple of 16
//   weight          [out/16][taps * in / 16] matrices of 16 inputs x 16 outputs in halves, taps * in padded to 64
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
const PAD: u32 = 8; // so that the rows of a matrix lie in other banks; 0 where memory is too small
const THREADS: u32 = 128; // GM * GN * KG * SUBGROUP

const SIDE: u32 = 16; // rows and columns of a matrix
const BN = GN * SN * SIDE; // output channels of a workgroup
const WIDTH = SN * SIDE; // output channels of a subgroup
const PITCH = WIDTH + PAD; // row length of its results in workgroup memory
const RESULTS = SIDE * PITCH; // of a subgroup, for one row of matrices
const TEAM = KG * SUBGROUP; // threads that share sums

struct Params {
  matrices: u32, // of all runs along the pixels
  run_matrices: u32, // of a run
  run_pixels: u32, // of a run, 16 or more
  run_rows: u32, // output rows of a run
  run_pitch: u32, // pixels of a run from one output row to the next
  step: u32, // pixels of x from one output pixel to the next
  row_step: u32, // rows of x from one output row to the next
  in_h: u32, // with the border, as all sizes of x
  in_w: u32,
  in_blocks: u32, // in channels / 4
  inset: u32, // pixels of x before the first window
  out_h: u32,
  out_w: u32,
  out_blocks: u32,
  kernel_w: u32,
  taps: u32,
  tap_right: u32, // pixels of x from a tap to the one right of it
  tap_down: u32, // pixels of x from a tap to the one below it
  has_bias: u32,
  has_residual: u32,
  relu: u32, // 0: none, 1: ReLU, 2: ReLU6
  residual_border: u32,
  y_border: u32,
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

// Where output row `row` of the batch and its column lie in a map with a border, in pixels.
fn place_in_row(row: u32, column: u32, border: u32) -> u32 {
  let image = row / params.out_h;
  let in_image = row % params.out_h + border;
  return (image * (params.out_h + 2 * border) + in_image) * (params.out_w + 2 * border) + column + border;
}

// The first pixel of a matrix in its run. One that would reach past the run's end takes the last SIDE pixels instead.
fn first_in_run(matrix: u32) -> u32 {
  return min(matrix % params.run_matrices * SIDE, params.run_pixels - SIDE);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles_n = (params.out_blocks * 4 + BN - 1) / BN;
  let index = id.y * groups.x + id.x;
  if (index / tiles_n * GM * SM >= params.matrices) { return; } // a folded grid may be longer than the tiles

  let subgroup = thread / SUBGROUP;
  let share = subgroup % KG; // which of the matrices along taps and input channels it takes
  let team = subgroup / KG; // which of the GM x GN parts of the workgroup's results it computes
  let first_m = (index / tiles_n * GM + team / GN) * SM;
  let first_n = (index % tiles_n * GN + team % GN) * SN;
  let pitch = params.in_blocks * 4;
  let row_pitch = pitch * params.step; // from one row of a matrix to the next
  let in_matrices = params.in_blocks / 4;
  let steps = params.taps * in_matrices;
  let steps_packed = (steps + 3) / 4 * 4; // taps * in is padded to 64, four matrices
  let last_m = params.matrices - 1;
  let last_n = (params.out_blocks + 3) / 4 - 1;

  // Where the windows of each row of matrices begin in x, in pixels.
  var corner: array<u32, SM>;
  for (var i = 0u; i < SM; i++) {
    let matrix = min(first_m + i, last_m);
    let row = matrix / params.run_matrices * params.run_rows;
    let first_row = row / params.out_h * params.in_h + row % params.out_h * params.row_step;
    corner[i] = first_row * params.in_w + params.inset + first_in_run(matrix) * params.step;
  }

  var sum: array<subgroup_matrix_result<f32, 16, 16>, SM * SN>;
  var tap = share / in_matrices;
  var k = share % in_matrices;
  for (var s = share; s < steps; s += KG) {
    let from_corner = tap / params.kernel_w * params.tap_down + tap % params.kernel_w * params.tap_right;
    var left: array<subgroup_matrix_left<f16, 16, 16>, SM>;
    for (var i = 0u; i < SM; i++) {
      let start = (corner[i] + from_corner) * pitch + k * SIDE;
      left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&x, start, row_pitch);
    }
    for (var j = 0u; j < SN; j++) {
      let start = (min(first_n + j, last_n) * steps_packed + s) * SIDE * SIDE;
      let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&weight, start, SIDE);
      for (var i = 0u; i < SM; i++) {
        let at = i * SN + j;
        sum[at] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[at]);
      }
    }
    k += KG;
    while (k >= in_matrices) {
      k -= in_matrices;
      tap += 1;
    }
  }

  for (var i = 0u; i < SM; i++) {
    for (var j = 0u; j < SN; j++) {
      subgroupMatrixStore<row_major>(&sums, subgroup * RESULTS + j * SIDE, sum[i * SN + j], PITCH);
    }
    workgroupBarrier();
    let matrix = first_m + i;
    let first_row = matrix / params.run_matrices * params.run_rows;
    let wanted = matrix % params.run_matrices * SIDE;
    for (var item = thread % TEAM; item < SIDE * WIDTH / 4; item += TEAM) {
      let matrix_row = item / (WIDTH / 4);
      let matrix_block = item % (WIDTH / 4);
      let pixel = first_in_run(matrix) + matrix_row; // of the run
      let column = pixel % params.run_pitch;
      let block = first_n * 4 + matrix_block;
      let is_doubled = matrix > last_m || pixel < wanted;
      if (is_doubled || column >= params.out_w || block >= params.out_blocks) { continue; }
      var value = vec4f();
      for (var g = 0u; g < KG; g++) {
        let at = (team * KG + g) * RESULTS + matrix_row * PITCH + matrix_block * 4;
        value += vec4f(sums[at], sums[at + 1], sums[at + 2], sums[at + 3]);
      }
      let row = first_row + pixel / params.run_pitch;
      if (params.has_bias != 0) { value += bias[block]; }
      if (params.has_residual != 0) {
        value += load(residual[place_in_row(row, column, params.residual_border) * params.out_blocks + block]);
      }
      // select, not max: NaN must stay visible
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
      if (params.relu == 2) { value = select(value, vec4f(6), value > vec4f(6)); }
      y[place_in_row(row, column, params.y_border) * params.out_blocks + block] = store(value);
    }
    workgroupBarrier();
  }
}
