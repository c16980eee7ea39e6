// conv2d, subgroup-matrix-window: any convolution on tensor cores, in f16 with f32 sums.
// Over subgroup-matrix: input channels need not be a multiple of 16, and x needs no border. Windows are gathered: a
// team of subgroups brings BK channels of BM windows into workgroup memory, loads matrices from there, and fetches the
// next step while it multiplies. The KG teams that share a sum take every KG-th step each.
// Operands:
//   x, residual, y  NHWC in blocks of four halves
//   weight          [out/16][taps * in / 16] matrices of 16 inputs x 16 outputs in halves, taps * in padded to 64
//   bias            one f32 per output channel
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const SUBGROUP: u32 = 32; // lanes of a subgroup
const SM: u32 = 1; // matrices of a subgroup along the pixels
const SN: u32 = 2; // matrices of a subgroup along the output channels
const GM: u32 = 1; // subgroups along the pixels
const GN: u32 = 2; // subgroups along the output channels
const KG: u32 = 4; // teams of GM x GN subgroups that share the sums
const BK: u32 = 64; // input channels of a step: 32 or 64
const PAD: u32 = 8; // so that the rows of a matrix lie in other banks; 0 where memory is too small
const THREADS: u32 = 256; // GM * GN * KG * SUBGROUP

const SIDE: u32 = 16; // rows and columns of a matrix
const BM = GM * SM * SIDE; // pixels of a workgroup
const BN = GN * SN * SIDE; // output channels of a workgroup
const BK4 = BK / 4; // blocks of input channels of a step
const WIDTH = SN * SIDE; // output channels of a subgroup
const PITCH = WIDTH + PAD; // row length of its results in workgroup memory
const RESULTS = SIDE * PITCH; // of a subgroup, for one row of matrices
const TEAM = GM * GN * SUBGROUP; // threads of a team
const A_PITCH = BK + 8; // row length of the windows: 8 more than a step, so that rows of a matrix lie in other banks
const A_LOADS = BM * BK4 / TEAM; // blocks that a thread fetches in a step
const A_ROWS = TEAM / BK4; // rows that a team fetches at once

// A window corner so far outside that no tap reaches the picture, but not so far that positions wrap back into it.
const FAR_OUTSIDE: u32 = 1u << 30;

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
  x_border: u32, // zeros around x
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

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f16>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<Stored>;
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> windows: array<f16, KG * BM * A_PITCH>;
var<workgroup> sums: array<f32, GM * GN * KG * RESULTS>;

// Where a pixel of the output lies in a map with a border, in pixels.
fn place(pixel: u32, border: u32) -> u32 {
  if (border == 0) { return pixel; }
  let at = vec2u(pixel % params.out_w, pixel / params.out_w % params.out_h) + border;
  let image = pixel / (params.out_w * params.out_h);
  return (image * (params.out_h + 2 * border) + at.y) * (params.out_w + 2 * border) + at.x;
}

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

  let team = thread / TEAM;
  let t = thread % TEAM;
  let member = t / SUBGROUP; // which of the GM x GN parts of the workgroup's results it computes
  let first_m = first_pixel + member / GN * SM * SIDE;
  let first_n = first_channel / SIDE + member % GN * SN;

  // This thread fetches block `a_column` of the rows a_row + i * A_ROWS. A row is the window of one pixel: `origin` is
  // its corner in the picture, `image` the first block of that picture.
  let a_column = t % BK4;
  let a_row = t / BK4;
  let pitch = params.in_w + 2 * params.x_border;
  let image_pixels = pitch * (params.in_h + 2 * params.x_border);
  var origin: array<vec2u, A_LOADS>;
  var image: array<u32, A_LOADS>;
  for (var i = 0u; i < A_LOADS; i++) {
    let pixel = first_pixel + a_row + i * A_ROWS;
    let xy = vec2u(pixel % params.out_w, pixel / params.out_w % params.out_h);
    image[i] = pixel / (params.out_w * params.out_h) * image_pixels * params.in_blocks;
    // Unsigned, so positions above and left of the picture wrap to huge numbers: one comparison tests both sides.
    origin[i] = xy * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
    if (pixel >= params.pixels) { origin[i] = vec2u(FAR_OUTSIDE); }
  }
  let k_blocks = params.kernel_h * params.kernel_w * params.in_blocks;
  let steps_packed = (k_blocks + 15) / 16 * 4; // taps * in is padded to 64, four matrices
  let last_n = (params.out_blocks + 3) / 4 - 1;
  let steps = (k_blocks + KG * BK4 - 1) / (KG * BK4);
  // Tap and block of input channels of this thread's column. Moved on step by step, because divisions are slow.
  let first_k = team * BK4 + a_column;
  var in_block = first_k % params.in_blocks;
  let first_tap = first_k / params.in_blocks;
  var tap = vec2u(first_tap % params.kernel_w, first_tap / params.kernel_w);

  let team_windows = team * BM * A_PITCH;
  var fetched: array<Stored, A_LOADS>;
  var sum: array<subgroup_matrix_result<f32, 16, 16>, SM * SN>;
  // Turn `step` stores what the turn before fetched, fetches for the turn after, and multiplies.
  for (var step = 0u; step <= steps; step++) {
    if (step > 0) {
      for (var i = 0u; i < A_LOADS; i++) {
        let v = bitcast<vec4<f16>>(fetched[i]);
        let at = team_windows + (a_row + i * A_ROWS) * A_PITCH + a_column * 4;
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
        fetched[i] = Stored();
        if (at.x < params.in_w && at.y < params.in_h && tap.y < params.kernel_h) {
          let in_memory = at + params.x_border;
          fetched[i] = x[image[i] + (in_memory.y * pitch + in_memory.x) * params.in_blocks + in_block];
        }
      }
      in_block += KG * BK4;
      while (in_block >= params.in_blocks) {
        in_block -= params.in_blocks;
        tap.x += 1;
        if (tap.x == params.kernel_w) { tap = vec2u(0, tap.y + 1); }
      }
    }
    if (step > 0) {
      for (var k = 0u; k < BK / SIDE; k++) {
        var left: array<subgroup_matrix_left<f16, 16, 16>, SM>;
        for (var i = 0u; i < SM; i++) {
          let start = team_windows + (member / GN * SM + i) * SIDE * A_PITCH + k * SIDE;
          left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&windows, start, A_PITCH);
        }
        // Past the packed end the windows are zero, so any weights will do.
        let step_k = min(((step - 1) * KG + team) * BK / SIDE + k, steps_packed - 1);
        for (var j = 0u; j < SN; j++) {
          let start = (min(first_n + j, last_n) * steps_packed + step_k) * SIDE * SIDE;
          let right = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&weight, start, SIDE);
          for (var i = 0u; i < SM; i++) {
            let s = i * SN + j;
            sum[s] = subgroupMatrixMultiplyAccumulate(left[i], right, sum[s]);
          }
        }
      }
      workgroupBarrier();
    }
  }

  for (var i = 0u; i < SM; i++) {
    for (var j = 0u; j < SN; j++) {
      let start = (team * GM * GN + member) * RESULTS + j * SIDE;
      subgroupMatrixStore<row_major>(&sums, start, sum[i * SN + j], PITCH);
    }
    workgroupBarrier();
    for (var item = team * SUBGROUP + t % SUBGROUP; item < SIDE * WIDTH / 4; item += KG * SUBGROUP) {
      let matrix_row = item / (WIDTH / 4);
      let matrix_block = item % (WIDTH / 4);
      let pixel = first_m + i * SIDE + matrix_row;
      let block = first_n * 4 + matrix_block;
      if (pixel >= params.pixels || block >= params.out_blocks) { continue; }
      var value = vec4f();
      for (var g = 0u; g < KG; g++) {
        let at = (g * GM * GN + member) * RESULTS + matrix_row * PITCH + matrix_block * 4;
        value += vec4f(sums[at], sums[at + 1], sums[at + 2], sums[at + 3]);
      }
      if (params.has_bias != 0) { value += bias[block]; }
      if (params.has_residual != 0) {
        value += load(residual[place(pixel, params.residual_border) * params.out_blocks + block]);
      }
      // select, not max: NaN must stay visible
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
      if (params.relu == 2) { value = select(value, vec4f(6), value > vec4f(6)); }
      y[place(pixel, params.y_border) * params.out_blocks + block] = store(value);
    }
    workgroupBarrier();
  }
}
