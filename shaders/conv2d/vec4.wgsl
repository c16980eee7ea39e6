// conv2d, vec4: one thread computes four output channels of one pixel.
// Over naive:
// - Input channels are read four at a time. A padded lane multiplies a zero weight.
// - The window is clipped once, outside the loops.
// Operands:
//   x, residual, y  NHWC in vec4 blocks
//   weight          [out/4][kh][kw][in/4][4 outputs], each a vec4 over 4 input channels
//   bias            one f32 per output channel

// Every size is a uniform, so that layers share a pipeline: compiling is slow on software adapters.
struct Params {
  in_h: u32,
  in_w: u32,
  in_blocks: u32, // in channels / 4
  out_h: u32,
  out_w: u32,
  out_blocks: u32,
  pixels: u32, // batch * out_h * out_w
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  has_bias: u32,
  has_residual: u32,
  relu: u32, // 0: none, 1: ReLU, 2: ReLU6
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// First and one-past-last tap inside the input. `origin` is the position of tap 0.
fn taps(origin: i32, kernel: u32, dilation: u32, size: u32) -> vec2u {
  // Unsigned, and rounded up without adding the dilation: so nothing overflows, however large the dilation is.
  let first = select((u32(-origin) - 1) / dilation + 1, 0, origin >= 0);
  let last = select((size - u32(origin) - 1) / dilation + 1, 0, origin >= i32(size));
  return vec2u(first, min(kernel, last));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * params.out_blocks) { return; }

  let block = i % params.out_blocks;
  let pixel = i / params.out_blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let top = i32(oy * params.stride_h) - i32(params.pad_h);
  let left = i32(ox * params.stride_w) - i32(params.pad_w);
  let rows = taps(top, params.kernel_h, params.dilation_h, params.in_h);
  let columns = taps(left, params.kernel_w, params.dilation_w, params.in_w);

  var sum = vec4f();
  for (var ky = rows.x; ky < rows.y; ky++) {
    let iy = u32(top + i32(ky * params.dilation_h));
    for (var kx = columns.x; kx < columns.y; kx++) {
      let ix = u32(left + i32(kx * params.dilation_w));
      var at = ((n * params.in_h + iy) * params.in_w + ix) * params.in_blocks;
      var w = ((block * params.kernel_h + ky) * params.kernel_w + kx) * params.in_blocks * 4;
      for (var c = 0u; c < params.in_blocks; c++) {
        let v = x[at];
        sum += vec4f(dot(v, weight[w]), dot(v, weight[w + 1]), dot(v, weight[w + 2]), dot(v, weight[w + 3]));
        at += 1;
        w += 4;
      }
    }
  }
  if (params.has_bias != 0) { sum += bias[block]; }
  if (params.has_residual != 0) { sum += residual[i]; }
  if (params.relu != 0) { sum = select(sum, vec4f(), sum < vec4f()); } // select, not max: NaN must stay visible
  if (params.relu == 2) { sum = select(sum, vec4f(6), sum > vec4f(6)); }
  y[i] = sum;
}
