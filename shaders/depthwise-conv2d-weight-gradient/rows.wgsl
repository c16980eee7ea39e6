// depthwise-conv2d-weight-gradient, rows: one thread adds up four channels of one row of taps over the rows of a part.
// For windows of up to seven columns without dilation along the row.
// Over naive: a value of dy is loaded once for a row of taps, and the values of x that the next window shares stay in
// registers.
// Operands:
//   x, dy  NHWC in vec4 blocks
//   parts  [split][channel][kh][kw], zeros to a multiple of four

const MOST_WIDE: u32 = 7; // columns of a window

override KERNEL_H: u32 = 1;
override KERNEL_W: u32 = 1;
override STRIDE_H: u32 = 1;
override STRIDE_W: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1; // always

struct Params {
  in_h: u32, // of x
  in_w: u32,
  out_h: u32, // of dy
  out_w: u32,
  rows: u32, // batch * out_h
  channels: u32,
  splits: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Four channels of x, zero outside the row that begins at `from_row`.
fn load_in_row(from_row: u32, ix: u32, blocks: u32, block: u32) -> vec4f {
  if (ix >= params.in_w) { return vec4f(); }
  return x[(from_row + ix) * blocks + block];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (params.channels + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.splits * KERNEL_H * blocks) { return; }

  let block = i % blocks;
  let ky = i / blocks % KERNEL_H;
  let split = i / blocks / KERNEL_H;
  let span = (params.rows + params.splits - 1) / params.splits;
  let end = min(params.rows, (split + 1) * span);
  let kept = max(KERNEL_W, STRIDE_W) - STRIDE_W; // columns of x that a window and the next one share
  var sums: array<vec4f, MOST_WIDE>;
  var row_sums: array<vec4f, MOST_WIDE>;
  for (var row = split * span; row < end; row++) {
    // Unsigned: outside the picture, rows and columns are huge numbers.
    let iy = row % params.out_h * STRIDE_H + ky * DILATION_H - PAD_H;
    if (iy >= params.in_h) { continue; }
    let from_row = (row / params.out_h * params.in_h + iy) * params.in_w;
    // Of the row: sums of few values keep digits. Set to zero by hand: some compilers do it once, before the loop.
    for (var kx = 0u; kx < KERNEL_W; kx++) { row_sums[kx] = vec4f(); }
    var v: array<vec4f, MOST_WIDE>;
    for (var kx = 0u; kx < kept; kx++) { v[kx + STRIDE_W] = load_in_row(from_row, kx - PAD_W, blocks, block); }
    for (var ox = 0u; ox < params.out_w; ox++) {
      for (var kx = 0u; kx < kept; kx++) { v[kx] = v[kx + STRIDE_W]; }
      for (var kx = kept; kx < KERNEL_W; kx++) {
        v[kx] = load_in_row(from_row, ox * STRIDE_W + kx - PAD_W, blocks, block);
      }
      let slope = dy[(row * params.out_w + ox) * blocks + block];
      for (var kx = 0u; kx < KERNEL_W; kx++) { row_sums[kx] += v[kx] * slope; }
    }
    for (var kx = 0u; kx < KERNEL_W; kx++) { sums[kx] += row_sums[kx]; }
  }
  let taps = KERNEL_H * KERNEL_W;
  for (var lane = 0u; lane < 4 && block * 4 + lane < params.channels; lane++) {
    let at = ((split * params.channels + block * 4 + lane) * KERNEL_H + ky) * KERNEL_W;
    for (var kx = 0u; kx < KERNEL_W; kx++) { parts[at + kx] = sums[kx][lane]; }
  }
  if (i == 0) {
    for (var rest = params.splits * params.channels * taps; rest % 4 > 0; rest++) { parts[rest] = 0; }
  }
}
