// sum-parts, tree: a workgroup adds up the parts of one value. Each thread takes every 64th part. Then the sums of the
// threads are added in pairs.
// Over naive: many threads for few values.
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

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let i = id.y * groups.x + id.x;
  if (i >= params.values) { return; } // whole workgroups, where the grid was folded
  var added = 0f;
  for (var part = t; part < params.parts; part += 64) { added += parts[part * params.values + i]; }
  sums[t] = added;
  for (var half = 32u; half > 0; half /= 2) {
    workgroupBarrier();
    if (t < half) { sums[t] += sums[t + half]; }
  }
  if (t == 0) { sum[i] += sums[0]; }
}
