// max-unpool2d, naive: one thread computes four channels of one output pixel. It asks each window that covers the pixel
// whether its maximum was here. The last one that says yes gives the value; without one it is zero.
// Operands:
//   x, y     NHWC in vec4 blocks
//   indices  as x, in u32: row * out_w + column of the maximum

override CHANNELS: u32 = 1;
override KERNEL_H: u32 = 2;
override KERNEL_W: u32 = 2;
override STRIDE_H: u32 = 2;
override STRIDE_W: u32 = 2;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> indices: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// First and one-past-last window over a position, which is counted from the edge of the padding. Window k covers
// k * stride <= position < k * stride + kernel.
fn windows(position: u32, kernel: u32, stride: u32, count: u32) -> vec2u {
  let first = select(0, (position - kernel) / stride + 1, position >= kernel);
  return vec2u(first, min(count, position / stride + 1));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let block = i % blocks;
  let pixel = i / blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let here = vec4u(oy * params.out_w + ox);
  let rows = windows(oy + PAD_H, KERNEL_H, STRIDE_H, params.in_h);
  let columns = windows(ox + PAD_W, KERNEL_W, STRIDE_W, params.in_w);

  var value = vec4f();
  for (var iy = rows.x; iy < rows.y; iy++) {
    for (var ix = columns.x; ix < columns.y; ix++) {
      let at = ((n * params.in_h + iy) * params.in_w + ix) * blocks + block;
      value = select(value, x[at], indices[at] == here);
    }
  }
  y[i] = value; // lanes past the last channel: zero, whatever their index says, because x is zero there
}
