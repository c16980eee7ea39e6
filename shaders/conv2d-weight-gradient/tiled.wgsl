// conv2d-weight-gradient, tiled: one matrix product A x B for each split, in tiles of workgroup memory. A has a row per
// output channel, B a column per tap and input channel; the inner dimension is the split's pixels.
// Over naive:
// - A step brings BK pixels of dy and of the windows of x into workgroup memory, where all threads share them.
// - A thread keeps TM4 * 4 x TN4 * 4 results in registers.
// Operands:
//   x, dy  NHWC in vec4 blocks
//   parts  [split][out][in][kh][kw]

const BM4: u32 = 16; // blocks of output channels of a tile
const BN4: u32 = 16; // columns of a tile: taps times blocks of input channels
const BK: u32 = 16; // pixels of a step
const TM4: u32 = 2; // blocks of a thread, ROWS apart
const TN4: u32 = 2; // columns of a thread, COLUMNS apart
const THREADS: u32 = 64; // (BM4 / TM4) * (BN4 / TN4): a multiple of BM4 and of BN4

const ROWS = BM4 / TM4;
const COLUMNS = BN4 / TN4;
const A_LOADS = BK * BM4 / THREADS; // blocks of dy that a thread fetches in a step
const B_LOADS = BK * BN4 / THREADS;

struct Params {
  x_h: u32,
  x_w: u32,
  x_blocks: u32, // in channels / 4
  y_h: u32,
  y_w: u32,
  y_blocks: u32,
  in_c: u32,
  out_c: u32,
  pixels: u32, // batch * y_h * y_w
  per_split: u32, // pixels of a part
  splits: u32,
  values: u32, // of all parts
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> tile_a: array<vec4f, BK * BM4>;
var<workgroup> tile_b: array<vec4f, BK * BN4>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let taps = params.kernel_h * params.kernel_w;
  let columns = taps * params.x_blocks;
  let tiles_n = (columns + BN4 - 1) / BN4;
  let tiles = tiles_n * ((params.y_blocks + BM4 - 1) / BM4);
  let index = id.y * groups.x + id.x;
  let split = index / tiles;
  if (split >= params.splits) { return; } // a folded grid may be longer than the tiles
  let first_block = index % tiles / tiles_n * BM4;
  let first_column = index % tiles_n * BN4;

  // This thread fetches block a_block of dy, and column b_column of the windows.
  let a_block = first_block + t % BM4;
  let b_column = first_column + t % BN4;
  let b_tap = b_column / params.x_blocks;
  let reach = vec2u(b_tap % params.kernel_w, b_tap / params.kernel_w) * vec2u(params.dilation_w, params.dilation_h)
    - vec2u(params.pad_w, params.pad_h);
  let stride = vec2u(params.stride_w, params.stride_h);
  let row = t / COLUMNS;
  let column = t % COLUMNS;

  var sum: array<vec4f, 4 * TM4 * TN4>;
  let end = min((split + 1) * params.per_split, params.pixels);
  for (var first = split * params.per_split; first < end; first += BK) {
    for (var i = 0u; i < A_LOADS; i++) {
      let at = t + i * THREADS;
      let pixel = first + at / BM4;
      var value = vec4f();
      if (pixel < end && a_block < params.y_blocks) { value = dy[pixel * params.y_blocks + a_block]; }
      tile_a[at] = value;
    }
    for (var i = 0u; i < B_LOADS; i++) {
      let at = t + i * THREADS;
      let pixel = first + at / BN4;
      // Unsigned: positions above and left of the picture wrap to huge numbers.
      let place = vec2u(pixel % params.y_w, pixel / params.y_w % params.y_h) * stride + reach;
      var value = vec4f();
      if (pixel < end && b_column < columns && place.x < params.x_w && place.y < params.x_h) {
        let n = pixel / (params.y_w * params.y_h);
        let image_row = n * params.x_h + place.y;
        value = x[(image_row * params.x_w + place.x) * params.x_blocks + b_column % params.x_blocks];
      }
      tile_b[at] = value;
    }
    workgroupBarrier();
    for (var k = 0u; k < BK; k++) {
      var b: array<vec4f, TN4>;
      for (var j = 0u; j < TN4; j++) { b[j] = tile_b[k * BN4 + column + j * COLUMNS]; }
      for (var i = 0u; i < TM4; i++) {
        let a = tile_a[k * BM4 + row + i * ROWS];
        for (var j = 0u; j < TN4; j++) {
          let s = (i * TN4 + j) * 4;
          sum[s] += a.x * b[j];
          sum[s + 1] += a.y * b[j];
          sum[s + 2] += a.z * b[j];
          sum[s + 3] += a.w * b[j];
        }
      }
    }
    workgroupBarrier();
  }

  for (var s = 0u; s < 4 * TM4 * TN4; s++) {
    let o = (first_block + row + s / (4 * TN4) * ROWS) * 4 + s % 4;
    let to_column = first_column + column + s / 4 % TN4 * COLUMNS;
    if (o >= params.out_c || to_column >= columns) { continue; }
    let c = to_column % params.x_blocks * 4;
    let to = ((split * params.out_c + o) * params.in_c + c) * taps + to_column / params.x_blocks;
    let value = sum[s];
    for (var q = 0u; q < min(4, params.in_c - c); q++) { parts[to + q * taps] = value[q]; }
  }
  // Zeros fill the last vec4.
  if (index == 0 && params.values + t < (params.values + 3) / 4 * 4) { parts[params.values + t] = 0; }
}
