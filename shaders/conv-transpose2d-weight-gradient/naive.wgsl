// conv-transpose2d-weight-gradient, naive: one thread computes one value of a part, over the part's share of the input
// pixels.
// The version to read first: the others compute the same, faster. Serves groups.
// Operands:
//   x, dy  NHWC, channels padded to 4
//   parts  [split][in][out/groups][kh][kw]

override IN_C: u32 = 1;
override OUT_C: u32 = 1;
override KERNEL_H: u32 = 1;
override KERNEL_W: u32 = 1;
override STRIDE_H: u32 = 1;
override STRIDE_W: u32 = 1;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override GROUPS: u32 = 1;

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  pixels: u32, // batch * x_h * x_w
  per_split: u32, // pixels of a part
  values: u32, // of all parts
  crop_top: u32,
  crop_left: u32,
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
  let group_out = OUT_C / GROUPS;
  let kx = i % KERNEL_W;
  let ky = i / KERNEL_W % KERNEL_H;
  let within = i / (KERNEL_W * KERNEL_H);
  let c = within / group_out % IN_C;
  let o = c / (IN_C / GROUPS) * group_out + within % group_out;
  let split = within / (group_out * IN_C);

  var sum = 0.0;
  let end = min((split + 1) * params.per_split, params.pixels);
  for (var pixel = split * params.per_split; pixel < end; pixel++) {
    // Unsigned: a row above the crop wraps to a huge number, so one comparison tests both borders.
    let oy = pixel / params.x_w % params.x_h * STRIDE_H + ky - PAD_H - params.crop_top;
    let ox = pixel % params.x_w * STRIDE_W + kx - PAD_W - params.crop_left;
    if (oy >= params.y_h || ox >= params.y_w) { continue; }
    let n = pixel / (params.x_w * params.x_h);
    sum += x[pixel * in_pitch + c] * dy[((n * params.y_h + oy) * params.y_w + ox) * out_pitch + o];
  }
  parts[i] = sum;
}
