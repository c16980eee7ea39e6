// conv2d, naive: one thread computes one output value and tests every tap against the borders.
// The version to read first: the others compute the same, faster. Serves groups.
// Operands:
//   x, residual, y  NHWC, channels padded to 4
//   weight          [out][in/groups][kh][kw]
//   bias            one value per output channel

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
override RELU: bool = false; // set for ReLU6 too
override RELU6: bool = false; // the upper bound of ReLU6

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_pitch = (IN_C + 3) / 4 * 4;
  let out_pitch = (OUT_C + 3) / 4 * 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * out_pitch) { return; }

  let oc = i % out_pitch;
  if (oc >= OUT_C) { // the lanes past the last channel stay zero
    y[i] = 0;
    return;
  }
  let pixel = i / out_pitch;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let group_in = IN_C / GROUPS;
  let first_in = oc / (OUT_C / GROUPS) * group_in;

  var sum = 0.0;
  for (var ky = 0u; ky < KERNEL_H; ky++) {
    // Unsigned: a row above the picture wraps to a huge number, so one comparison tests both borders.
    let iy = oy * STRIDE_H + ky * DILATION_H - PAD_H;
    if (iy >= params.in_h) { continue; }
    for (var kx = 0u; kx < KERNEL_W; kx++) {
      let ix = ox * STRIDE_W + kx * DILATION_W - PAD_W;
      if (ix >= params.in_w) { continue; }
      let at = ((n * params.in_h + iy) * params.in_w + ix) * in_pitch + first_in;
      for (var c = 0u; c < group_in; c++) {
        sum += x[at + c] * weight[((oc * group_in + c) * KERNEL_H + ky) * KERNEL_W + kx];
      }
    }
  }
  if (HAS_BIAS) { sum += bias[oc]; }
  if (HAS_RESIDUAL) { sum += residual[i]; }
  if (RELU) { sum = select(sum, 0.0, sum < 0.0); } // select, not max: NaN must stay visible
  if (RELU6) { sum = select(sum, 6.0, sum > 6.0); }
  y[i] = sum;
}
