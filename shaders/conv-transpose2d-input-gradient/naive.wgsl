// conv-transpose2d-input-gradient, naive: one thread computes one value of dx, over the window that the input pixel was
// spread over.
// The version to read first: the others compute the same, faster. Serves groups.
// Operands:
//   dy      NHWC, channels padded to 4
//   weight  [in][out/groups][kh][kw]
//   dx      NHWC, channels padded to 4

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  pixels: u32, // batch * x_h * x_w
  crop_top: u32,
  crop_left: u32,
  in_c: u32,
  out_c: u32,
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  groups: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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
  let group_out = params.out_c / params.groups;
  let first_out = c / (params.in_c / params.groups) * group_out;

  var sum = 0.0;
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    // Unsigned: a row above the crop wraps to a huge number, so one comparison tests both borders.
    let oy = iy * params.stride_h + ky - params.pad_h - params.crop_top;
    if (oy >= params.y_h) { continue; }
    for (var kx = 0u; kx < params.kernel_w; kx++) {
      let ox = ix * params.stride_w + kx - params.pad_w - params.crop_left;
      if (ox >= params.y_w) { continue; }
      let at = ((n * params.y_h + oy) * params.y_w + ox) * out_pitch + first_out;
      for (var o = 0u; o < group_out; o++) {
        sum += dy[at + o] * weight[((c * group_out + o) * params.kernel_h + ky) * params.kernel_w + kx];
      }
    }
  }
  dx[i] = sum;
}
