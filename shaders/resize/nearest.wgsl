// resize, nearest: one thread copies four channels of one pixel.
// Operands:
//   x, y  NHWC in vec4 blocks

override CHANNELS: u32 = 1;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  step_h: i32, // output row i lies at max(i * step_h + offset_h, 0) / over_h rows of the input
  step_w: i32,
  offset_h: i32,
  offset_w: i32,
  over_h: i32,
  over_w: i32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let block = i % blocks;
  let pixel = i / blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let iy = u32(max(i32(oy) * params.step_h + params.offset_h, 0) / params.over_h);
  let ix = u32(max(i32(ox) * params.step_w + params.offset_w, 0) / params.over_w);
  y[i] = x[((n * params.in_h + iy) * params.in_w + ix) * blocks + block];
}
