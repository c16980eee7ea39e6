// convert, to-f16: one thread packs one vec4 block as four halves.
// Operands:
//   x  NHWC in vec4 blocks
//   y  NHWC in blocks of four halves

struct Params {
  blocks: u32, // vec4 blocks of the whole tensor
  height: u32,
  width: u32,
  channel_blocks: u32,
  columns: u32, // planes side by side in the texture
}

// Four halves as they are stored.
alias Stored = vec2u;

// What f16 cannot hold becomes its largest number with the sign. WGSL leaves open what packing such a value gives.
fn store(v: vec4f) -> Stored {
  let largest = vec4f(65504);
  var held = select(v, largest, v > largest); // select, not clamp: NaN must stay visible
  held = select(held, -largest, held < -largest);
  return vec2u(pack2x16float(held.xy), pack2x16float(held.zw));
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  y[i] = store(x[i]);
}
