// sgd, naive: one thread steps four values, and zeroes their gradients.
// Operands:
//   rates                     the rate first
//   unit                      one value per output channel
//   stepped, moved, cleared   weight, velocity and gradient, in order

struct Params {
  quads: u32, // ceil(values / 4)
  values: u32,
  per_channel: u32, // values of an output channel
  has_unit: u32,
  momentum: f32,
  weight_decay: f32,
  rate_scale: f32,
}

@group(0) @binding(0) var<storage, read> rates: array<vec4f>;
@group(0) @binding(1) var<storage, read> unit: array<f32>;
@group(0) @binding(2) var<storage, read_write> stepped: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moved: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> cleared: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

// The unit of value i. What lies past the last value has a unit of 1.
fn unit_of(i: u32) -> f32 {
  if (params.has_unit == 0 || i >= params.values) { return 1; }
  return unit[i / params.per_channel];
}

fn units(quad: u32) -> vec4f {
  let i = quad * 4;
  return vec4f(unit_of(i), unit_of(i + 1), unit_of(i + 2), unit_of(i + 3));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.quads) { return; }
  let u = units(i);
  let w = stepped[i];
  let g = cleared[i] * u + params.weight_decay * w / u;
  let v = params.momentum * moved[i] + g;
  moved[i] = v;
  stepped[i] = w - rates[0].x * params.rate_scale * u * v;
  cleared[i] = vec4f();
}
