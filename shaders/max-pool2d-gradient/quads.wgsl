// max-pool2d-gradient, quads: one thread adds up what four channels of 2 x 2 pixels get from the windows that cover
// them.
// Over naive: a window is read once for all of the thread's pixels that it covers.
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
  let across = (params.width + 1) / 2;
  let down = (params.height + 1) / 2;
  if (i >= params.images * down * across * params.blocks) { return; }

  let block = i % params.blocks;
  let quad = i / params.blocks;
  let n = quad / (down * across);
  let row = quad / across % down * 2;
  let column = quad % across * 2;
  let top = first_window(row + PAD_H, (KERNEL_H - 1) * DILATION_H, STRIDE_H);
  let left = first_window(column + PAD_W, (KERNEL_W - 1) * DILATION_W, STRIDE_W);
  let bottom = min(params.out_h, (row + 1 + PAD_H) / STRIDE_H + 1);
  let right = min(params.out_w, (column + 1 + PAD_W) / STRIDE_W + 1);

  let pixel = vec4u(row * params.width + column);
  var sums = mat4x4f();
  for (var oy = top; oy < bottom; oy++) {
    for (var ox = left; ox < right; ox++) {
      let at = ((n * params.out_h + oy) * params.out_w + ox) * params.blocks + block;
      let value = dy[at];
      let found = indices[at] - pixel; // unsigned: an index before the first pixel is a huge number
      sums[0] += select(vec4f(), value, found == vec4u());
      sums[1] += select(vec4f(), value, found == vec4u(1));
      sums[2] += select(vec4f(), value, found == vec4u(params.width));
      sums[3] += select(vec4f(), value, found == vec4u(params.width + 1));
    }
  }
  let first = ((n * params.height + row) * params.width + column) * params.blocks + block;
  let has_right = column + 1 < params.width;
  dx[first] = sums[0];
  if (has_right) { dx[first + params.blocks] = sums[1]; }
  if (row + 1 < params.height) {
    let below = first + params.width * params.blocks;
    dx[below] = sums[2];
    if (has_right) { dx[below + params.blocks] = sums[3]; }
  }
}
