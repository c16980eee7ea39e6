// sigmoid, f16: naive.wgsl on activations stored as f16.
// Over naive: half the memory traffic.
// Operands:
//   x, y  NHWC in blocks of four halves

struct Params {
  blocks: u32, // batch * height * width * ceil(channels / 4)
  channels: u32,
}

// Four halves as they are stored.
alias Stored = vec2u;

fn load(v: Stored) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;
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
  let p = select(vec4f(), sigmoid(load(x[i])), filled); // between 0 and 1, which f16 holds
  y[i] = vec2u(pack2x16float(p.xy), pack2x16float(p.zw));
}
