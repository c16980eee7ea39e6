// depthwise-conv2d-input-gradient, naive: one thread computes four channels of one pixel. It tests for every tap
// whether an output of the convolution has the pixel there.
// Operands:
//   dy, dx  NHWC in vec4 blocks
//   weight  [kh][kw][channel/4], each a vec4 over 4 channels

override KERNEL_H: u32 = 1;
override KERNEL_W: u32 = 1;
override STRIDE_H: u32 = 1;
override STRIDE_W: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1;

struct Params {
  out_h: u32, // of dy
  out_w: u32,
  height: u32, // of dx
  width: u32,
  images: u32, // batch
  blocks: u32, // channels / 4
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let plane = params.height * params.width;
  if (i >= params.images * plane * params.blocks) { return; }

  let block = i % params.blocks;
  let pixel = i / params.blocks % plane;
  let n = i / params.blocks / plane;
  let row = pixel / params.width + PAD_H;
  let column = pixel % params.width + PAD_W;

  var sum = vec4f();
  for (var ky = 0u; ky < KERNEL_H; ky++) {
    // Unsigned: a window that would begin above the padding wraps to a huge row.
    let top = row - ky * DILATION_H;
    let oy = top / STRIDE_H;
    if (top % STRIDE_H != 0 || oy >= params.out_h) { continue; }
    for (var kx = 0u; kx < KERNEL_W; kx++) {
      let left = column - kx * DILATION_W;
      let ox = left / STRIDE_W;
      if (left % STRIDE_W != 0 || ox >= params.out_w) { continue; }
      let at = ((n * params.out_h + oy) * params.out_w + ox) * params.blocks + block;
      sum += dy[at] * weight[(ky * KERNEL_W + kx) * params.blocks + block];
    }
  }
  dx[i] = sum;
}
