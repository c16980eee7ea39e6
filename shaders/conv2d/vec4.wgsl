// conv2d, vec4: one thread computes four output channels of one pixel.
// Over naive:
// - Input channels are read four at a time. A padded lane multiplies a zero weight.
// - The window is clipped once, outside the loops.
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
override GROUPS: u32 = 1; // always 1 here: the variant does not apply to grouped convolutions
override HAS_BIAS: bool = false;
override HAS_RESIDUAL: bool = false;
override RELU: bool = false; // set for ReLU6 too
override RELU6: bool = false; // the upper bound of ReLU6

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// First and one-past-last tap inside the input. `origin` is the position of tap 0.
fn taps(origin: i32, kernel: u32, dilation: u32, size: u32) -> vec2u {
  let d = i32(dilation);
  let first = select((-origin + d - 1) / d, 0, origin >= 0);
  let room = i32(size) - origin; // taps at origin + k * d with k * d < room
  let last = select((room + d - 1) / d, 0, room <= 0);
  return vec2u(u32(first), min(kernel, u32(last)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_blocks = (IN_C + 3) / 4;
  let out_blocks = (OUT_C + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * out_blocks) { return; }

  let block = i % out_blocks;
  let pixel = i / out_blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let top = i32(oy * STRIDE_H) - i32(PAD_H);
  let left = i32(ox * STRIDE_W) - i32(PAD_W);
  let rows = taps(top, KERNEL_H, DILATION_H, params.in_h);
  let columns = taps(left, KERNEL_W, DILATION_W, params.in_w);

  var sum = vec4f();
  for (var ky = rows.x; ky < rows.y; ky++) {
    let iy = u32(top + i32(ky * DILATION_H));
    for (var kx = columns.x; kx < columns.y; kx++) {
      let ix = u32(left + i32(kx * DILATION_W));
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
  if (RELU) { sum = select(sum, vec4f(), sum < vec4f()); } // select, not max: NaN must stay visible
  if (RELU6) { sum = select(sum, vec4f(6), sum > vec4f(6)); }
  y[i] = sum;
}
