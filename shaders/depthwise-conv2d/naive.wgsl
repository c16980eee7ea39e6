// depthwise-conv2d, naive: one thread computes four channels of one pixel and tests every tap against the borders.
// The version to read first, and the one for any kernel: the others compute the same, faster.
// Operands:
//   x, y    NHWC in vec4 blocks
//   weight  [kh][kw][channel/4], each a vec4 over 4 channels
//   bias    one f32 per channel

override KERNEL_H: u32 = 1;
override KERNEL_W: u32 = 1;
override STRIDE_H: u32 = 1;
override STRIDE_W: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1;
override HAS_BIAS: bool = false;
override RELU: bool = false; // set for ReLU6 too
override RELU6: bool = false; // the upper bound of ReLU6

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  blocks: u32, // channels / 4
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * params.blocks) { return; }

  let block = i % params.blocks;
  let pixel = i / params.blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);

  var sum = vec4f();
  for (var ky = 0u; ky < KERNEL_H; ky++) {
    // Unsigned: a row above the picture wraps to a huge number, so one comparison tests both borders.
    let iy = oy * STRIDE_H + ky * DILATION_H - PAD_H;
    if (iy >= params.in_h) { continue; }
    for (var kx = 0u; kx < KERNEL_W; kx++) {
      let ix = ox * STRIDE_W + kx * DILATION_W - PAD_W;
      if (ix >= params.in_w) { continue; }
      let at = ((n * params.in_h + iy) * params.in_w + ix) * params.blocks + block;
      sum += x[at] * weight[(ky * KERNEL_W + kx) * params.blocks + block];
    }
  }
  if (HAS_BIAS) { sum += bias[block]; }
  if (RELU) { sum = select(sum, vec4f(), sum < vec4f()); } // select, not max: NaN must stay visible
  if (RELU6) { sum = select(sum, vec4f(6), sum > vec4f(6)); }
  y[i] = sum;
}
