// conv2d-weight-gradient, naive: one thread computes one value of a part, over the part's share of the output pixels.
// The version to read first: the others compute the same, faster.
// Operands:
//   x, dy  NHWC, channels padded to 4
//   parts  [split][out][in][kh][kw]

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

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  pixels: u32, // batch * y_h * y_w
  per_split: u32, // pixels of a part
  values: u32, // of all parts
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_pitch = (IN_C + 3) / 4 * 4;
  let out_pitch = (OUT_C + 3) / 4 * 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= (params.values + 3) / 4 * 4) { return; }
  if (i >= params.values) { // zeros fill the last vec4
    parts[i] = 0;
    return;
  }
  let kx = i % KERNEL_W;
  let ky = i / KERNEL_W % KERNEL_H;
  let c = i / (KERNEL_W * KERNEL_H) % IN_C;
  let o = i / (KERNEL_W * KERNEL_H * IN_C) % OUT_C;
  let split = i / (KERNEL_W * KERNEL_H * IN_C * OUT_C);

  var sum = 0.0;
  let end = min((split + 1) * params.per_split, params.pixels);
  for (var pixel = split * params.per_split; pixel < end; pixel++) {
    // Unsigned: a row above the picture wraps to a huge number, so one comparison tests both borders.
    let iy = pixel / params.y_w % params.y_h * STRIDE_H + ky * DILATION_H - PAD_H;
    let ix = pixel % params.y_w * STRIDE_W + kx * DILATION_W - PAD_W;
    if (iy >= params.x_h || ix >= params.x_w) { continue; }
    let n = pixel / (params.y_w * params.y_h);
    sum += dy[pixel * out_pitch + o] * x[((n * params.x_h + iy) * params.x_w + ix) * in_pitch + c];
  }
  parts[i] = sum;
}
