// crop, f16: naive.wgsl on activations stored as f16.
// Over naive: half the memory traffic.
// Operands:
//   x  NHWC in blocks of four halves, in_h x in_w
//   y  NHWC in blocks of four halves, out_h x out_w

override CHANNELS: u32 = 1;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  top: u32,
  left: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let pixel = i / blocks;
  let column = params.left + pixel % params.out_w;
  let row = params.top + pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  y[i] = x[((n * params.in_h + row) * params.in_w + column) * blocks + i % blocks];
}
