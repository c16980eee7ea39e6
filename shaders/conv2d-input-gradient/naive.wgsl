// conv2d-input-gradient, naive: one thread computes one value of dx. Output row oy reads input row
// oy * stride - pad + ky * dilation, so each tap asks which output row that is, and whether there is one.
// The version to read first: the others compute the same, faster.
// Operands:
//   dy                  NHWC, channels padded to 4
//   weight              [out][in][kh][kw]
//   mask, residual, dx  NHWC, channels padded to 4

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

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_pitch = (IN_C + 3) / 4 * 4;
  let out_pitch = (OUT_C + 3) / 4 * 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * in_pitch) { return; }

  let c = i % in_pitch;
  if (c >= IN_C) { // the lanes past the last channel stay zero
    dx[i] = 0;
    return;
  }
  let pixel = i / in_pitch;
  let ix = pixel % params.x_w;
  let iy = pixel / params.x_w % params.x_h;
  let n = pixel / (params.x_w * params.x_h);

  var sum = 0.0;
  for (var ky = 0u; ky < KERNEL_H; ky++) {
    let ty = i32(iy + PAD_H) - i32(ky * DILATION_H);
    if (ty < 0 || u32(ty) % STRIDE_H != 0 || u32(ty) / STRIDE_H >= params.y_h) { continue; }
    for (var kx = 0u; kx < KERNEL_W; kx++) {
      let tx = i32(ix + PAD_W) - i32(kx * DILATION_W);
      if (tx < 0 || u32(tx) % STRIDE_W != 0 || u32(tx) / STRIDE_W >= params.y_w) { continue; }
      let at = ((n * params.y_h + u32(ty) / STRIDE_H) * params.y_w + u32(tx) / STRIDE_W) * out_pitch;
      for (var o = 0u; o < OUT_C; o++) {
        sum += dy[at + o] * weight[((o * IN_C + c) * KERNEL_H + ky) * KERNEL_W + kx];
      }
    }
  }
  if (HAS_RESIDUAL) { sum += residual[i]; }
  if (HAS_MASK) { sum = select(sum, 0.0, mask[i] <= 0); }
  dx[i] = sum;
}
