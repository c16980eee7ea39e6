// batch-norm, naive: one thread normalises four channels of one pixel.
// Operands:
//   x, y                                     NHWC in vec4 blocks
//   weight, bias, running_mean, running_var  one value per channel, padded with zeros
// A padded lane stays zero: (0 - 0) * (0 / sqrt(0 + EPS)) + 0. That needs EPS > 0.

override CHANNELS: u32 = 1;
override EPS: f32 = 1e-5;

struct Params {
  blocks: u32, // batch * height * width * ceil(CHANNELS / 4)
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> running_mean: array<vec4f>;
@group(0) @binding(4) var<storage, read> running_var: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  let c = i % ((CHANNELS + 3) / 4);
  let scale = weight[c] / sqrt(running_var[c] + vec4f(EPS));
  // The mean is subtracted first: x * scale + (bias - mean * scale) would lose digits where |mean| is far larger than
  // the deviation.
  y[i] = (x[i] - running_mean[c]) * scale + bias[c];
}
