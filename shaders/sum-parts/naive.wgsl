// sum-parts, naive: one thread adds up the parts of one value.
// Operands:
//   parts  [part][value]
//   sum    [value]

struct Params {
  values: u32,
  parts: u32,
}

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.values) { return; }
  var added = 0f;
  for (var part = 0u; part < params.parts; part++) { added += parts[part * params.values + i]; }
  sum[i] += added;
}
