// depthwise-conv2d-input-gradient, tiles: one thread computes four channels of 2 x 4 pixels. For kernels of 3x3 and
// 5x5 without dilation, stride 1 or 2.
// Over naive:
// - A value of dy is loaded once for all of the thread's pixels that its window covers, and weights once for a row.
// - Tiles begin at multiples of the stride, counted from the padding: which taps meet is known without a test.
// Operands:
//   dy, dx  NHWC in vec4 blocks
//   weight  [kh][kw][channel/4], each a vec4 over 4 channels

const ROWS: u32 = 2; // of a tile
const COLUMNS: u32 = 4;
const MOST_WIDE: u32 = 5; // columns of a window
const MOST_LOADED: u32 = 8; // columns of dy that four pixels need

override KERNEL: u32 = 3; // rows and columns of the window
override STRIDE: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;

struct Params {
  out_h: u32, // of dy
  out_w: u32,
  height: u32, // of dx
  width: u32,
  images: u32, // batch
  blocks: u32, // channels / 4
  tiles_h: u32,
  tiles_w: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let block = i % params.blocks;
  let tile = i / params.blocks;
  let n = tile / (params.tiles_w * params.tiles_h);
  if (n >= params.images) { return; }
  // The tile's first pixel, counted from the first row and column of the padding.
  let first = (vec2u(tile % params.tiles_w, tile / params.tiles_w % params.tiles_h)
    + vec2u(PAD_W / COLUMNS, PAD_H / ROWS)) * vec2u(COLUMNS, ROWS);

  // Outputs of the convolution whose windows begin before the tile and reach it, along one axis.
  let before = (KERNEL - 1) / STRIDE;
  let loaded = before + (COLUMNS - 1) / STRIDE + 1;
  // Unsigned: left of the first output is a huge number.
  let corner = first / STRIDE - vec2u(before);
  var sums: array<mat4x4f, ROWS>; // a column for each pixel
  for (var o = 0u; o < before + (ROWS - 1) / STRIDE + 1; o++) {
    let oy = corner.y + o;
    if (oy >= params.out_h) { continue; }
    var v: array<vec4f, MOST_LOADED>;
    for (var column = 0u; column < loaded; column++) {
      let ox = corner.x + column;
      v[column] = vec4f();
      if (ox < params.out_w) { v[column] = dy[((n * params.out_h + oy) * params.out_w + ox) * params.blocks + block]; }
    }
    for (var r = 0u; r < ROWS; r++) {
      let ky = r + (before - o) * STRIDE; // unsigned: a window that begins below has a huge ky
      if (ky >= KERNEL) { continue; }
      var w: array<vec4f, MOST_WIDE>;
      for (var kx = 0u; kx < KERNEL; kx++) { w[kx] = weight[(ky * KERNEL + kx) * params.blocks + block]; }
      for (var p = 0u; p < COLUMNS; p++) {
        for (var kx = 0u; kx < KERNEL; kx++) {
          if (p % STRIDE == kx % STRIDE) { sums[r][p] += v[before + p / STRIDE - kx / STRIDE] * w[kx]; }
        }
      }
    }
  }

  for (var r = 0u; r < ROWS; r++) {
    for (var p = 0u; p < COLUMNS; p++) {
      // Unsigned: a pixel in the padding is a huge number.
      let at = first + vec2u(p, r) - vec2u(PAD_W, PAD_H);
      if (at.x >= params.width || at.y >= params.height) { continue; }
      dx[((n * params.height + at.y) * params.width + at.x) * params.blocks + block] = sums[r][p];
    }
  }
}
