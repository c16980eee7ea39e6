// conv2d, tiled-f16: tiled.wgsl with activations and weights stored as f16.
// Over tiled: half the memory traffic. Everything is computed in f32: halves are unpacked on the way into workgroup
// memory, for which no device feature is needed. Only this comment, `Stored`, `load` and `store` differ.
// Operands:
//   x, residual, y  NHWC in blocks of four halves
//   weight          [kh][kw][in][out/4], each four halves over 4 output channels
//   bias            one f32 per output channel

const BM: u32 = 32; // pixels of a tile
const BN: u32 = 32; // output channels of a tile
const BK4: u32 = 4; // vec4 blocks of input channels in a step
const TM: u32 = 4; // pixels of a thread, ROWS apart
const TN: u32 = 4; // output channels of a thread, in vec4 blocks COLUMNS apart
const KG: u32 = 1; // groups that share each sum: a power of two
const THREADS: u32 = 64; // KG * (BM / TM) * (BN / TN)

const ROWS = BM / TM; // threads of a group along the pixels: a multiple of 8
const COLUMNS = BN / TN; // threads of a group along the output channels
const GROUP = ROWS * COLUMNS; // threads of a group
const BN4 = BN / 4;
const TN4 = TN / 4;
const SUMS = TM * TN4; // vec4 sums of a thread
const A_LOADS = BK4 * BM / GROUP; // blocks of A that a thread fetches in a step
const B_LOADS = BK4 * BN / GROUP;
const A_ROWS = GROUP / BK4; // rows of A that a group fetches at once
const B_ROWS = GROUP / BN4;
// Workgroup memory holds row r of block column k of A at r ^ (k * SWIZZLE). The threads that store the BK4 blocks of
// one row then hit different banks.
const SWIZZLE = 8 / BK4;

// A window corner so far outside that no tap reaches the picture, but not so far that positions wrap back into it.
const FAR_OUTSIDE: u32 = 1u << 30;

// 1x1 kernel, stride 1, no padding, no border: output pixels are input pixels, and there is no window to follow.
override POINTWISE: bool = false;
// No window reaches beyond the map and its border, so no tap needs a test.
override INSIDE: bool = false;

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
@group(0) @binding(1) var<storage, read> weight: array<Stored>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<Stored>;
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;
@group(0) @binding(5) var<uniform> params: Params;

// For each group, BK4 x BM blocks of A and BK4 * 4 x BN4 blocks of B. After the last step, the sums of half the groups.
var<workgroup> tile: array<vec4f, max(KG * BK4 * (BM + BN), KG / 2 * BM * BN4)>;

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
  let first_block = index % tiles_n * BN4;
  if (first_pixel >= params.pixels) { return; } // a folded grid may be longer than the tiles

  let group = thread / GROUP;
  let t = thread % GROUP;

  // This thread fetches block `a_column` of the rows a_row + i * A_ROWS of A. A row is the window of one pixel:
  // `origin` is its corner in the picture, `image` the first block of that picture. With INSIDE no tap is tested, so
  // `image` is the corner's own block.
  let a_column = t % BK4;
  let a_row = t / BK4;
  let pitch = params.in_w + 2 * params.x_border;
  let image_pixels = pitch * (params.in_h + 2 * params.x_border);
  var origin: array<vec2u, A_LOADS>;
  var image: array<u32, A_LOADS>;
  for (var i = 0u; i < A_LOADS; i++) {
    let pixel = first_pixel + a_row + i * A_ROWS;
    if (POINTWISE) {
      image[i] = pixel * params.in_blocks;
    } else {
      let within = min(pixel, params.pixels - 1);
      let xy = vec2u(within % params.out_w, within / params.out_w % params.out_h);
      image[i] = within / (params.out_w * params.out_h) * image_pixels * params.in_blocks;
      // Unsigned, so positions above and left of the picture wrap to huge numbers: one comparison tests both sides.
      origin[i] = xy * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
      if (INSIDE) {
        let corner = origin[i] + params.x_border;
        image[i] += (corner.y * pitch + corner.x) * params.in_blocks;
      } else if (pixel >= params.pixels) {
        origin[i] = vec2u(FAR_OUTSIDE);
      }
    }
  }
  // And block `b_block` of the rows b_row + i * B_ROWS of B.
  let b_block = first_block + t % BN4;
  let b_row = t / BN4;

  let k_blocks = params.kernel_h * params.kernel_w * params.in_blocks;
  let steps = (k_blocks + KG * BK4 - 1) / (KG * BK4);
  var k0 = group * BK4; // first block of the step, along taps and input channels
  // Tap and block of input channels of this thread's column. Moved on step by step, because divisions are slow.
  let first_k = k0 + a_column;
  var in_block = first_k % params.in_blocks;
  let first_tap = first_k / params.in_blocks;
  var tap = vec2u(first_tap % params.kernel_w, first_tap / params.kernel_w);

  let tile_a = group * BK4 * (BM + BN);
  let tile_b = tile_a + BK4 * BM;
  let row = t / COLUMNS;
  let column = t % COLUMNS;
  var a: array<Stored, A_LOADS>;
  var b: array<Stored, B_LOADS>;
  var sum: array<vec4f, SUMS>;
  // Turn `step` stores what the turn before fetched, fetches for the turn after, and multiplies.
  for (var step = 0u; step <= steps; step++) {
    if (step > 0) {
      for (var i = 0u; i < A_LOADS; i++) {
        tile[tile_a + a_column * BM + ((a_row + i * A_ROWS) ^ (a_column * SWIZZLE))] = load(a[i]);
      }
      for (var i = 0u; i < B_LOADS; i++) { tile[tile_b + t + i * GROUP] = load(b[i]); }
      workgroupBarrier();
    }
    if (step < steps) {
      let from_corner = tap * vec2u(params.dilation_w, params.dilation_h);
      let offset = (from_corner.y * pitch + from_corner.x) * params.in_blocks + in_block;
      for (var i = 0u; i < A_LOADS; i++) {
        a[i] = Stored();
        if (POINTWISE) {
          let pixel = first_pixel + a_row + i * A_ROWS;
          if (pixel < params.pixels && k0 + a_column < k_blocks) { a[i] = x[image[i] + k0 + a_column]; }
        } else if (INSIDE) {
          if (tap.y < params.kernel_h) { a[i] = x[image[i] + offset]; }
        } else {
          let at = origin[i] + from_corner;
          if (at.x < params.in_w && at.y < params.in_h && tap.y < params.kernel_h) {
            let in_memory = at + params.x_border;
            a[i] = x[image[i] + (in_memory.y * pitch + in_memory.x) * params.in_blocks + in_block];
          }
        }
      }
      for (var i = 0u; i < B_LOADS; i++) {
        let k = k0 * 4 + b_row + i * B_ROWS;
        b[i] = Stored();
        if (k < k_blocks * 4 && b_block < params.out_blocks) { b[i] = weight[k * params.out_blocks + b_block]; }
      }
      k0 += KG * BK4;
      if (!POINTWISE) {
        in_block += KG * BK4;
        while (in_block >= params.in_blocks) {
          in_block -= params.in_blocks;
          tap.x += 1;
          if (tap.x == params.kernel_w) { tap = vec2u(0, tap.y + 1); }
        }
      }
    }
    if (step > 0) {
      for (var k = 0u; k < BK4; k++) {
        var w: array<vec4f, 4 * TN4>;
        for (var q = 0u; q < 4 * TN4; q++) {
          w[q] = tile[tile_b + (k * 4 + q / TN4) * BN4 + column + q % TN4 * COLUMNS];
        }
        for (var i = 0u; i < TM; i++) {
          let v = tile[tile_a + k * BM + (row ^ (k * SWIZZLE)) + i * ROWS];
          for (var j = 0u; j < TN4; j++) {
            let s = i * TN4 + j; // one product per statement: each becomes a fused multiply-add
            sum[s] += v.x * w[j];
            sum[s] += v.y * w[TN4 + j];
            sum[s] += v.z * w[2 * TN4 + j];
            sum[s] += v.w * w[3 * TN4 + j];
          }
        }
      }
      workgroupBarrier();
    }
  }

  // Adds up the groups in pairs, half of those that are left in each turn.
  for (var half = KG / 2; half > 0; half /= 2) {
    if (group >= half && group < 2 * half) {
      for (var s = 0u; s < SUMS; s++) { tile[((group - half) * SUMS + s) * GROUP + t] = sum[s]; }
    }
    workgroupBarrier();
    if (group < half) {
      for (var s = 0u; s < SUMS; s++) { sum[s] += tile[(group * SUMS + s) * GROUP + t]; }
    }
    workgroupBarrier();
  }
  if (group > 0) { return; }

  for (var s = 0u; s < SUMS; s++) {
    let pixel = first_pixel + row + s / TN4 * ROWS;
    let block = first_block + column + s % TN4 * COLUMNS;
    if (pixel >= params.pixels || block >= params.out_blocks) { continue; }
    var value = sum[s];
    if (params.has_bias != 0) { value += bias[block]; }
    if (params.has_residual != 0) {
      value += load(residual[place(pixel, params.residual_border) * params.out_blocks + block]);
    }
    if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); } // select, not max: NaN must stay visible
    if (params.relu == 2) { value = select(value, vec4f(6), value > vec4f(6)); }
    y[place(pixel, params.y_border) * params.out_blocks + block] = store(value);
  }
}
