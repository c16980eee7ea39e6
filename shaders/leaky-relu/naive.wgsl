// leaky-relu, naive: one thread, one vec4 block.
// Operands:
//   x, y  NHWC in vec4 blocks

struct Params {
  blocks: u32, // batch * height * width * ceil(channels / 4)
  slope: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  let v = x[i];
  y[i] = select(v, params.slope * v, v < vec4f()); // select, not max: NaN must stay visible
}
