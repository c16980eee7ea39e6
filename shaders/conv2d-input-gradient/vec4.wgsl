// conv2d-input-gradient, vec4: one thread computes four input channels of one pixel.
// Over naive: channels of dy are read four at a time.
// Operands:
//   dy                  NHWC in vec4 blocks
//   weight              [in/4][kh][kw][out/4][4 inputs], each a vec4 over 4 output channels
//   mask, residual, dx  NHWC in vec4 blocks

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

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_blocks = (params.in_c + 3) / 4;
  let out_blocks = (params.out_c + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * in_blocks) { return; }

  let block = i % in_blocks;
  let pixel = i / in_blocks;
  let ix = pixel % params.x_w;
  let iy = pixel / params.x_w % params.x_h;
  let n = pixel / (params.x_w * params.x_h);

  var sum = vec4f();
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    // Unsigned: a row above dy wraps to a huge number, and remains one after the division.
    let ty = iy + params.pad_h - ky * params.dilation_h;
    if (ty % params.stride_h != 0 || ty / params.stride_h >= params.y_h) { continue; }
    for (var kx = 0u; kx < params.kernel_w; kx++) {
      let tx = ix + params.pad_w - kx * params.dilation_w;
      if (tx % params.stride_w != 0 || tx / params.stride_w >= params.y_w) { continue; }
      var at = ((n * params.y_h + ty / params.stride_h) * params.y_w + tx / params.stride_w) * out_blocks;
      var w = ((block * params.kernel_h + ky) * params.kernel_w + kx) * out_blocks * 4;
      for (var o = 0u; o < out_blocks; o++) {
        let v = dy[at];
        sum += vec4f(dot(v, weight[w]), dot(v, weight[w + 1]), dot(v, weight[w + 2]), dot(v, weight[w + 3]));
        at += 1;
        w += 4;
      }
    }
  }
  if (params.has_residual != 0) { sum += residual[i]; }
  if (params.has_mask != 0) { sum = select(sum, vec4f(), mask[i] <= vec4f()); }
  dx[i] = sum;
}
