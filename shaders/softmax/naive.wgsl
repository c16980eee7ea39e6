// softmax, naive: one thread turns the logits of one pixel into probabilities, in three passes over its channels.
// Operands:
//   x, y  NHWC in vec4 blocks; the zeros in the lanes past CHANNELS are not logits and are left out of maximum and sum

override CHANNELS: u32 = 1;

struct Params {
  pixels: u32, // batch * height * width
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// Which lanes of a block hold channels.
fn filled(block: u32) -> vec4<bool> {
  return vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(CHANNELS);
}

// Tests the bits: WGSL lets an implementation assume that no float is NaN or infinite.
fn is_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000) != 0x7f800000;
}

// A sum of exponentials, or NaN where it is not finite: then a logit is NaN or infinite. SwiftShader takes the
// exponential of NaN for infinity.
fn finite_or_nan(sum: f32) -> f32 {
  var nan = 0x7fc00000u; // a `var`, because WGSL rejects a constant expression that is NaN
  return select(bitcast<f32>(nan), sum, is_finite(sum));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.y * groups.x * 64 + id.x;
  if (pixel >= params.pixels) { return; }
  let blocks = (CHANNELS + 3) / 4;
  let first = pixel * blocks;

  var largest = vec4f(x[first].x); // channel 0 stands in for empty lanes: it changes no maximum
  for (var block = 0u; block < blocks; block++) {
    largest = select(largest, max(largest, x[first + block]), filled(block));
  }
  let peak = vec4f(max(max(largest.x, largest.y), max(largest.z, largest.w)));

  var sums = vec4f();
  for (var block = 0u; block < blocks; block++) {
    sums += select(vec4f(), exp(x[first + block] - peak), filled(block));
  }
  let sum = finite_or_nan(sums.x + sums.y + sums.z + sums.w);

  for (var block = 0u; block < blocks; block++) {
    y[first + block] = select(vec4f(), exp(x[first + block] - peak) / sum, filled(block));
  }
}
