// adamw, naive: one thread steps four values, and zeroes their gradients.
// Operands:
//   rates                               rate, rate / (1 - beta1^t), 1 / sqrt(1 - beta2^t)
//   unit                                one value per output channel
//   stepped, averaged, squared, cleared weight, both moments and gradient, in order

struct Params {
  quads: u32, // ceil(values / 4)
  values: u32,
  per_channel: u32, // values of an output channel
  has_unit: u32,
  beta1: f32,
  beta2: f32,
  rest1: f32, // 1 - beta1, rounded from float64
  rest2: f32,
  eps: f32,
  weight_decay: f32,
  rate_scale: f32,
}

@group(0) @binding(0) var<storage, read> rates: array<vec4f>;
@group(0) @binding(1) var<storage, read> unit: array<f32>;
@group(0) @binding(2) var<storage, read_write> stepped: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> averaged: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> squared: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> cleared: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

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
  let rate = rates[0] * params.rate_scale; // the third is no rate, and is read unscaled
  let u = units(i);
  let g = cleared[i] * u;
  let mean = params.beta1 * averaged[i] + params.rest1 * g;
  let square = params.beta2 * squared[i] + params.rest2 * g * g;
  averaged[i] = mean;
  squared[i] = square;
  // Past the last value all is zero, and with an eps of 0 this would be 0 / 0.
  let filled = vec4u(0, 1, 2, 3) + vec4u(i * 4) < vec4u(params.values);
  let step = select(vec4f(), rate.y * u * mean / (sqrt(square) * rates[0].z + params.eps), filled);
  stepped[i] = stepped[i] * (1 - rate.x * params.weight_decay) - step;
  cleared[i] = vec4f();
}
