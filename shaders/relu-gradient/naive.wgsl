// relu-gradient, naive: one thread, one vec4 block.
// Operands:
//   y, dy, dx  NHWC in vec4 blocks

override RELU6: bool = false; // the upper bound of ReLU6

struct Params {
  blocks: u32, // batch * height * width * ceil(channels / 4)
}

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  let v = y[i];
  var slope = select(dy[i], vec4f(), v <= vec4f()); // not multiplied: an infinite gradient times 0 would be NaN
  if (RELU6) { slope = select(slope, vec4f(), v >= vec4f(6)); }
  dx[i] = slope;
}
