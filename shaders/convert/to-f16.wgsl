// convert, to-f16: one thread turns one vec4f into four packed halves. What f16 cannot hold becomes its largest number, 65,504
// with the sign: WGSL leaves open what packing such a value gives.

struct Params {
  blocks: u32, // vec4 blocks in all
  height: u32,
  width: u32,
  channel_blocks: u32,
  columns: u32, // planes side by side in the texture
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  var v = select(x[i], vec4f(65504), x[i] > vec4f(65504)); // select, not clamp: NaN must stay visible
  v = select(v, vec4f(-65504), v < vec4f(-65504));
  y[i] = vec2u(pack2x16float(v.xy), pack2x16float(v.zw));
}
