// convert, from-f16: one thread unpacks four halves.
// Operands:
//   x  NHWC in blocks of four halves
//   y  NHWC in vec4 blocks

struct Params {
  blocks: u32, // vec4 blocks of the whole tensor
  height: u32,
  width: u32,
  channel_blocks: u32,
  columns: u32, // planes side by side in the texture
}

// Four halves as they are stored.
alias Stored = vec2u;

fn load(v: Stored) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  y[i] = load(x[i]);
}
