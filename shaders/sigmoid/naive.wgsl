// sigmoid, naive: one thread, one vec4 block.
// Operands:
//   x, y  NHWC in vec4 blocks

struct Params {
  blocks: u32, // batch * height * width * ceil(channels / 4)
  channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// The exponent is never positive, so nothing overflows.
fn sigmoid(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  return select(e, vec4f(1), v >= vec4f()) / (1 + e);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  let block = i % ((params.channels + 3) / 4);
  let filled = vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(params.channels); // the lanes past the last stay zero
  y[i] = select(vec4f(), sigmoid(x[i]), filled);
}
