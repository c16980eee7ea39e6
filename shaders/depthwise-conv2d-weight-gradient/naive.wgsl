// depthwise-conv2d-weight-gradient, naive: one thread adds up four channels of one tap over the rows of a part.
// Operands:
//   x, dy  NHWC in vec4 blocks
//   parts  [split][channel][kh][kw], zeros to a multiple of four

override KERNEL_H: u32 = 1;
override KERNEL_W: u32 = 1;
override STRIDE_H: u32 = 1;
override STRIDE_W: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1;

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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (params.channels + 3) / 4;
  let taps = KERNEL_H * KERNEL_W;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.splits * taps * blocks) { return; }

  let block = i % blocks;
  let tap = i / blocks % taps;
  let split = i / blocks / taps;
  let span = (params.rows + params.splits - 1) / params.splits;
  let end = min(params.rows, (split + 1) * span);
  var sum = vec4f();
  for (var row = split * span; row < end; row++) {
    // Unsigned: a row above the picture wraps to a huge number, so one comparison tests both borders.
    let iy = row % params.out_h * STRIDE_H + tap / KERNEL_W * DILATION_H - PAD_H;
    if (iy >= params.in_h) { continue; }
    let from_row = (row / params.out_h * params.in_h + iy) * params.in_w;
    var part = vec4f(); // of the row: sums of few values keep digits
    for (var ox = 0u; ox < params.out_w; ox++) {
      let ix = ox * STRIDE_W + tap % KERNEL_W * DILATION_W - PAD_W;
      if (ix >= params.in_w) { continue; }
      part += x[(from_row + ix) * blocks + block] * dy[(row * params.out_w + ox) * blocks + block];
    }
    sum += part;
  }
  for (var lane = 0u; lane < 4 && block * 4 + lane < params.channels; lane++) {
    parts[(split * params.channels + block * 4 + lane) * taps + tap] = sum[lane];
  }
  if (i == 0) {
    for (var rest = params.splits * params.channels * taps; rest % 4 > 0; rest++) { parts[rest] = 0; }
  }
}
