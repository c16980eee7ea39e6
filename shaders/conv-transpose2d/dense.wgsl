// conv-transpose2d, dense: one thread computes four output channels of one pixel.
// Over naive:
// - Visits only the taps that meet an input pixel. With t = out + pad these are t mod stride, + stride, + 2 stride ...:
//   ceil(kernel / stride) of them along an axis.
// - Input channels are read four at a time.
// Operands:
//   x, residual, y  NHWC in vec4 blocks
//   weight          [out/4][kh][kw][in/4][4 outputs], each a vec4 over 4 input channels
//   bias            one f32 per output channel

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
override GROUPS: u32 = 1;
override HAS_BIAS: bool = false;
override HAS_RESIDUAL: bool = false;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  crop_top: u32,
  crop_left: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_blocks = (IN_C + 3) / 4;
  let out_blocks = (OUT_C + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * out_blocks) { return; }

  let block = i % out_blocks;
  let pixel = i / out_blocks;
  let tx = pixel % params.out_w + params.crop_left + PAD_W;
  let ty = pixel / params.out_w % params.out_h + params.crop_top + PAD_H;
  let n = pixel / (params.out_w * params.out_h);

  var sum = vec4f();
  for (var ky = ty % STRIDE_H; ky < KERNEL_H && ky <= ty; ky += STRIDE_H) {
    let iy = (ty - ky) / STRIDE_H;
    if (iy >= params.in_h) { continue; }
    for (var kx = tx % STRIDE_W; kx < KERNEL_W && kx <= tx; kx += STRIDE_W) {
      let ix = (tx - kx) / STRIDE_W;
      if (ix >= params.in_w) { continue; }
      var at = ((n * params.in_h + iy) * params.in_w + ix) * in_blocks;
      var w = ((block * KERNEL_H + ky) * KERNEL_W + kx) * in_blocks * 4;
      for (var c = 0u; c < in_blocks; c++) {
        let v = x[at];
        sum += vec4f(dot(v, weight[w]), dot(v, weight[w + 1]), dot(v, weight[w + 2]), dot(v, weight[w + 3]));
        at += 1;
        w += 4;
      }
    }
  }
  if (HAS_BIAS) { sum += bias[block]; }
  if (HAS_RESIDUAL) { sum += residual[i]; }
  y[i] = sum;
}
