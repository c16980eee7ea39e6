// conv2d-input-gradient, naive: one thread computes one value of dx. Output row oy reads input row
// oy * stride - pad + ky * dilation, so each tap asks which output row that is, and whether there is one.
// The version to read first: the others compute the same, faster.
// Operands:
//   dy                  NHWC, channels padded to 4
//   weight              [out][in][kh][kw]
//   mask, residual, dx  NHWC, channels padded to 4

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  pixels: u32, // batch * x_h * x_w
  in_c: u32,
  out_c: u32,
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  has_mask: u32,
  has_residual: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_pitch = (params.in_c + 3) / 4 * 4;
  let out_pitch = (params.out_c + 3) / 4 * 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * in_pitch) { return; }

  let c = i % in_pitch;
  if (c >= params.in_c) { // the lanes past the last channel stay zero
    dx[i] = 0;
    return;
  }
  let pixel = i / in_pitch;
  let ix = pixel % params.x_w;
  let iy = pixel / params.x_w % params.x_h;
  let n = pixel / (params.x_w * params.x_h);

  var sum = 0.0;
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    let ty = i32(iy + params.pad_h) - i32(ky * params.dilation_h);
    if (ty < 0 || u32(ty) % params.stride_h != 0 || u32(ty) / params.stride_h >= params.y_h) { continue; }
    for (var kx = 0u; kx < params.kernel_w; kx++) {
      let tx = i32(ix + params.pad_w) - i32(kx * params.dilation_w);
      if (tx < 0 || u32(tx) % params.stride_w != 0 || u32(tx) / params.stride_w >= params.y_w) { continue; }
      let at = ((n * params.y_h + u32(ty) / params.stride_h) * params.y_w + u32(tx) / params.stride_w) * out_pitch;
      for (var o = 0u; o < params.out_c; o++) {
        sum += dy[at + o] * weight[((o * params.in_c + c) * params.kernel_h + ky) * params.kernel_w + kx];
      }
    }
  }
  if (params.has_residual != 0) { sum += residual[i]; }
  if (params.has_mask != 0) { sum = select(sum, 0.0, mask[i] <= 0); }
  dx[i] = sum;
}
