// max-pool2d-gradient, naive: one thread adds up what four channels of one pixel get from the windows that cover it.
// Operands:
//   dy, dx   NHWC in vec4 blocks
//   indices  as dy, in u32: row * width + column of the maximum

override KERNEL_H: u32 = 2;
override KERNEL_W: u32 = 2;
override STRIDE_H: u32 = 2;
override STRIDE_W: u32 = 2;
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
@group(0) @binding(1) var<storage, read> indices: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// The first window that reaches `position`, which counts the padding.
fn first_window(position: u32, reach: u32, stride: u32) -> u32 {
  return (max(position, reach) - reach + stride - 1) / stride;
}

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
  let top = first_window(row, (KERNEL_H - 1) * DILATION_H, STRIDE_H);
  let left = first_window(column, (KERNEL_W - 1) * DILATION_W, STRIDE_W);
  let bottom = min(params.out_h, row / STRIDE_H + 1);
  let right = min(params.out_w, column / STRIDE_W + 1);

  var sum = vec4f();
  for (var oy = top; oy < bottom; oy++) {
    for (var ox = left; ox < right; ox++) {
      let at = ((n * params.out_h + oy) * params.out_w + ox) * params.blocks + block;
      sum += select(vec4f(), dy[at], indices[at] == vec4u(pixel));
    }
  }
  dx[i] = sum;
}
