// conv2d-input-gradient, tiled: a matrix product A x B in tiles of workgroup memory. A has a row per pixel of x, the
// values of dy that its taps meet; B has a column per input channel, its weights.
// Over vec4:
// - A step brings BK4 blocks of 64 rows of A and of 64 columns of B into workgroup memory, where threads share them.
// - A thread keeps 8 x 8 results in registers.
// - A kernel of stride s is s x s small convolutions, one for each position of a pixel of x within the stride. A
//   workgroup works at one of them (see lanes.wgsl), so all its pixels take the same taps. Dilation needs stride 1.
// Operands:
//   dy                  NHWC in vec4 blocks
//   weight              [in/4][kh][kw][out/4][4 inputs], each a vec4 over 4 output channels
//   mask, residual, dx  NHWC in vec4 blocks

const SIDE: u32 = 64; // pixels and input channels of a tile
const BK4: u32 = 4; // blocks of output channels in a step
const THREADS: u32 = 64;
const ROWS: u32 = 8; // threads along the pixels, and along the blocks of input channels
const LOADS = BK4 * SIDE / THREADS; // blocks of A, and of B, that a thread fetches in a step

struct Params {
  x_h: u32,
  x_w: u32,
  x_blocks: u32,
  y_h: u32,
  y_w: u32,
  y_blocks: u32,
  windows: u32, // batch * pixels of x at one position
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  has_mask: u32,
  has_residual: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> tile_a: array<vec4f, BK4 * SIDE>;
var<workgroup> tile_b: array<vec4f, BK4 * SIDE>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let stride = vec2u(params.stride_w, params.stride_h);
  let pad = vec2u(params.pad_w, params.pad_h);
  let dilation = vec2u(params.dilation_w, params.dilation_h);
  let size = (vec2u(params.x_w, params.x_h) + stride - 1) / stride; // windows of a batch item
  let tiles_n = (params.x_blocks * 4 + SIDE - 1) / SIDE;
  let tiles = tiles_n * ((params.windows + SIDE - 1) / SIDE);
  let index = id.y * groups.x + id.x;
  if (index >= tiles * stride.x * stride.y) { return; } // a folded grid may be longer than the tiles
  let position = vec2u(index / tiles % stride.x, index / tiles / stride.x); // of pixel + pad within the stride
  let first_window = index % tiles / tiles_n * SIDE;
  let first_block = index % tiles_n * (SIDE / 4);
  let first = (position + stride - pad % stride) % stride; // pixel of x of window 0
  let newest = (first + pad) / stride; // pixel of dy that tap `position` of window 0 comes from

  // This thread fetches block t % BK4 of the rows t / BK4 + i * 16 of A.
  var image: array<u32, LOADS>; // rows of dy before the batch item
  var corner: array<vec2u, LOADS>; // pixel of dy of the first tap
  for (var i = 0u; i < LOADS; i++) {
    let window = first_window + t / BK4 + i * (THREADS / BK4);
    image[i] = window / (size.x * size.y) * params.y_h;
    corner[i] = newest + vec2u(window % size.x, window / size.x % size.y);
    if (window >= params.windows) { corner[i] = vec2u(1u << 30); } // so far outside that no tap reaches dy
  }
  let row = t / ROWS;
  let column = t % ROWS;
  let taps = params.kernel_h * params.kernel_w;

  var sum: array<vec4f, 16>;
  var step = vec2u();
  for (var ky = position.y; ky < params.kernel_h; ky += stride.y) {
    step.x = 0;
    for (var kx = position.x; kx < params.kernel_w; kx += stride.x) {
      let tap = ky * params.kernel_w + kx;
      for (var k0 = 0u; k0 < params.y_blocks; k0 += BK4) {
        for (var i = 0u; i < LOADS; i++) {
          // Unsigned: positions above and left of dy wrap to huge numbers.
          let at = corner[i] - step;
          let k = k0 + t % BK4;
          var value = vec4f();
          if (at.x < params.y_w && at.y < params.y_h && k < params.y_blocks) {
            value = dy[((image[i] + at.y) * params.y_w + at.x) * params.y_blocks + k];
          }
          tile_a[t % BK4 * SIDE + t / BK4 + i * (THREADS / BK4)] = value;
        }
        for (var i = 0u; i < LOADS; i++) {
          // In memory the 4 inputs of a block follow each other, and then the blocks of output channels.
          let j = t + i * THREADS;
          let block = first_block + j / (4 * BK4);
          let k = k0 + j / 4 % BK4;
          var value = vec4f();
          if (block < params.x_blocks && k < params.y_blocks) {
            value = weight[((block * taps + tap) * params.y_blocks + k) * 4 + j % 4];
          }
          tile_b[j / 4 % BK4 * SIDE + j / (4 * BK4) * 4 + j % 4] = value;
        }
        workgroupBarrier();
        for (var k = 0u; k < BK4; k++) {
          for (var q = 0u; q < 2; q++) {
            let b = k * SIDE + (column + q * ROWS) * 4;
            let w0 = tile_b[b];
            let w1 = tile_b[b + 1];
            let w2 = tile_b[b + 2];
            let w3 = tile_b[b + 3];
            for (var i = 0u; i < 8; i++) {
              let v = tile_a[k * SIDE + row + i * ROWS];
              sum[i * 2 + q] += vec4f(dot(v, w0), dot(v, w1), dot(v, w2), dot(v, w3));
            }
          }
        }
        workgroupBarrier();
      }
      step.x += dilation.x;
    }
    step.y += dilation.y;
  }

  for (var s = 0u; s < 16; s++) {
    let window = first_window + row + s / 2 * ROWS;
    let block = first_block + column + s % 2 * ROWS;
    let xy = first + vec2u(window % size.x, window / size.x % size.y) * stride;
    if (window >= params.windows || block >= params.x_blocks || xy.x >= params.x_w || xy.y >= params.x_h) { continue; }
    let image_row = window / (size.x * size.y) * params.x_h + xy.y;
    let to = (image_row * params.x_w + xy.x) * params.x_blocks + block;
    var value = sum[s];
    if (params.has_residual != 0) { value += residual[to]; }
    if (params.has_mask != 0) { value = select(value, vec4f(), mask[to] <= vec4f()); }
    dx[to] = value;
  }
}
