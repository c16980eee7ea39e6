// softmax-cross-entropy, registers: one thread computes loss and gradient of up to four pixels. For up to 32 classes.
// Over naive: the logits of a pixel stay in registers, so that each is loaded once and each exponential taken once.
// Operands:
//   logits, targets, gradient  NHWC in vec4 blocks; the lanes past CHANNELS are not logits
//   labels         pixel i in byte i % 4 of word i / 4
//   class_weights  four in a vec4
//   scale          one f32
//   losses         one f32 per workgroup, zeros to a multiple of four

const THREADS: u32 = 64;
const PIXELS: u32 = 256; // of a workgroup
const MOST_BLOCKS: u32 = 8; // of four classes

override CHANNELS: u32 = 1;
override HAS_LABELS: bool = false; // else there is a target
override HAS_CLASS_WEIGHTS: bool = false;

struct Params {
  pixels: u32, // batch * height * width
  parts: u32, // workgroups
  ignored: u32, // a label
}

@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<vec4f>;
@group(0) @binding(3) var<storage, read> class_weights: array<vec4f>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> losses: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

var<workgroup> sums: array<f32, THREADS>;

// Which lanes of a block hold channels.
fn filled(block: u32) -> vec4<bool> {
  return vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(CHANNELS);
}

// Whether the lanes of a block are the pixel's label.
fn is_label(block: u32, label: u32) -> vec4<bool> {
  return vec4u(0, 1, 2, 3) + vec4u(block * 4) == vec4u(label);
}

// The target's four probabilities, each times the weight of its class.
fn weighted_target(at: u32, block: u32, label: u32) -> vec4f {
  var weighted: vec4f;
  if (HAS_LABELS) { weighted = vec4f(is_label(block, label)); } else { weighted = targets[at + block]; }
  if (HAS_CLASS_WEIGHTS) { weighted *= class_weights[block]; }
  return weighted;
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

// The logarithm of such a sum. SwiftShader takes the logarithm of NaN for a number.
fn log_of_sum(sum: f32) -> f32 {
  return select(sum, log(sum), is_finite(sum));
}

// The loss of a pixel, before it is scaled. Writes the gradient.
fn loss_in_registers(pixel: u32) -> f32 {
  let blocks = (CHANNELS + 3) / 4;
  let at = pixel * blocks;
  var label = 0u;
  if (HAS_LABELS) {
    label = (labels[pixel / 4] >> (pixel % 4 * 8)) & 0xff;
    if (label == params.ignored || label >= CHANNELS) {
      for (var block = 0u; block < blocks; block++) { gradient[at + block] = vec4f(); }
      return 0;
    }
  }

  var values: array<vec4f, MOST_BLOCKS>; // logits, then their exponentials
  var largest = vec4f(logits[at].x); // channel 0 stands in for empty lanes: it changes no maximum
  for (var block = 0u; block < blocks; block++) {
    values[block] = logits[at + block];
    largest = select(largest, max(largest, values[block]), filled(block));
  }
  let peak = vec4f(max(max(largest.x, largest.y), max(largest.z, largest.w)));

  var exponentials = vec4f();
  var masses = vec4f(); // of the weighted target
  var distances = vec4f(); // of the logits from the peak, times the weighted target
  for (var block = 0u; block < blocks; block++) {
    let below = values[block] - peak;
    let weighted = weighted_target(at, block, label);
    values[block] = select(vec4f(), exp(below), filled(block));
    exponentials += values[block];
    masses += weighted;
    // Beside a label, a logit of -Infinity adds nothing. With a probability of 0 it makes the loss NaN, as in PyTorch.
    let counts = filled(block) & (is_label(block, label) | vec4<bool>(!HAS_LABELS));
    distances -= select(vec4f(), weighted * below, counts);
  }
  let sum = finite_or_nan(dot(exponentials, vec4f(1)));
  let mass = dot(masses, vec4f(1));
  let factor = scale[0] * mass / sum;

  for (var block = 0u; block < blocks; block++) {
    let slope = values[block] * factor - scale[0] * weighted_target(at, block, label);
    gradient[at + block] = select(vec4f(), slope, filled(block));
  }
  return mass * log_of_sum(sum) + dot(distances, vec4f(1));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let part = id.y * groups.x + id.x;
  if (part >= params.parts) { return; } // a folded grid may be longer than the parts
  let end = min(params.pixels, (part + 1) * PIXELS);
  var loss = 0.0;
  for (var pixel = part * PIXELS + t; pixel < end; pixel += THREADS) { loss += loss_in_registers(pixel); }
  sums[t] = loss;
  workgroupBarrier();
  if (t > 0) { return; }
  var total = 0.0;
  for (var i = 0u; i < THREADS; i++) { total += sums[i]; }
  losses[part] = total * scale[0];
  if (part + 1 == params.parts) {
    for (var i = params.parts; i % 4 > 0; i++) { losses[i] = 0; }
  }
}
