// conv2d-input-gradient, vec4: one thread computes four input channels of one pixel.
// Over naive: channels of dy are read four at a time.
// Operands:
//   dy                  NHWC in vec4 blocks
//   weight              [in/4][kh][kw][out/4][4 inputs], each a vec4 over 4 output channels
//   mask, residual, dx  NHWC in vec4 blocks

override IN_C: u32 = 1;
override OUT_C: u32 = 1;
override KERNEL_H: u32 = 1;
override KERNEL_W: u32 = 1;
override STRIDE_H: u32 = 1;
override STRIDE_W: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1;
override HAS_MASK: bool = false;
override HAS_RESIDUAL: bool = false;

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  pixels: u32, // batch * x_h * x_w
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_blocks = (IN_C + 3) / 4;
  let out_blocks = (OUT_C + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * in_blocks) { return; }

  let block = i % in_blocks;
  let pixel = i / in_blocks;
  let ix = pixel % params.x_w;
  let iy = pixel / params.x_w % params.x_h;
  let n = pixel / (params.x_w * params.x_h);

  var sum = vec4f();
  for (var ky = 0u; ky < KERNEL_H; ky++) {
    // Unsigned: a row above dy wraps to a huge number, and remains one after the division.
    let ty = iy + PAD_H - ky * DILATION_H;
    if (ty % STRIDE_H != 0 || ty / STRIDE_H >= params.y_h) { continue; }
    for (var kx = 0u; kx < KERNEL_W; kx++) {
      let tx = ix + PAD_W - kx * DILATION_W;
      if (tx % STRIDE_W != 0 || tx / STRIDE_W >= params.y_w) { continue; }
      var at = ((n * params.y_h + ty / STRIDE_H) * params.y_w + tx / STRIDE_W) * out_blocks;
      var w = ((block * KERNEL_H + ky) * KERNEL_W + kx) * out_blocks * 4;
      for (var o = 0u; o < out_blocks; o++) {
        let v = dy[at];
        sum += vec4f(dot(v, weight[w]), dot(v, weight[w + 1]), dot(v, weight[w + 2]), dot(v, weight[w + 3]));
        at += 1;
        w += 4;
      }
    }
  }
  if (HAS_RESIDUAL) { sum += residual[i]; }
  if (HAS_MASK) { sum = select(sum, vec4f(), mask[i] <= vec4f()); }
  dx[i] = sum;
}
