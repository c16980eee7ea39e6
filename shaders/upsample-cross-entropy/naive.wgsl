// upsample-cross-entropy, naive: one thread takes a row of a cell: the pixels of a row between two columns of nodes. It
// computes the logits of each pixel three times. A workgroup takes 64 such rows and adds up their losses, always in the
// same order.
// Operands:
//   scores, targets  NHWC in vec4 blocks; the lanes past CHANNELS are not scores
//   labels         pixel i in byte i % 4 of word i / 4
//   class_weights  four in a vec4
//   scale          one f32
//   sums           NHWC in vec4 blocks: for each row of a cell, the sum for the node on its left and on its right
//   losses         one f32 per workgroup, zeros to a multiple of four

const THREADS: u32 = 64;

override CHANNELS: u32 = 1;
override HAS_LABELS: bool = false; // else there is a target
override HAS_CLASS_WEIGHTS: bool = false;

struct Params {
  in_h: u32, // nodes
  in_w: u32,
  out_h: u32, // pixels
  out_w: u32,
  top: u32, // half pixels from the node before the first to pixel 0
  left: u32,
  first_cell: u32, // cell i lies between the nodes i - 1 and i
  step: u32, // half pixels between nodes
  cells: u32, // of a row
  units: u32, // batch * out_h * cells
  parts: u32, // workgroups
  ignored: u32, // a label
}

@group(0) @binding(0) var<storage, read> scores: array<vec4f>;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<vec4f>;
@group(0) @binding(3) var<storage, read> class_weights: array<vec4f>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> losses: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

var<workgroup> shares: array<f32, THREADS>;

// Which lanes of a block hold channels.
fn filled(block: u32) -> vec4<bool> {
  return vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(CHANNELS);
}

// Whether the lanes of a block are the pixel's label.
fn is_label(block: u32, label: u32) -> vec4<bool> {
  return vec4u(0, 1, 2, 3) + vec4u(block * 4) == vec4u(label);
}

// The target's four probabilities, each times the weight of its class.
fn target_of_pixel(pixel: u32, block: u32, label: u32) -> vec4f {
  var weighted: vec4f;
  if (HAS_LABELS) {
    weighted = vec4f(is_label(block, label));
  } else {
    weighted = targets[pixel * ((CHANNELS + 3) / 4) + block];
  }
  if (HAS_CLASS_WEIGHTS) { weighted *= class_weights[block]; }
  return weighted;
}

// Scores of node (row - 1, column - 1): zero outside. Without branches, of which SwiftShader compiles many slowly.
fn node(item: u32, row: u32, column: u32, block: u32) -> vec4f {
  let is_inside = (row > 0) & (row <= params.in_h) & (column > 0) & (column <= params.in_w);
  let pixel = select(0, (item * params.in_h + row - 1) * params.in_w + column - 1, is_inside);
  return select(vec4f(), scores[pixel * ((CHANNELS + 3) / 4) + block], is_inside);
}

// Scores at the height of a row, below node row - 1 by the fraction fy, in a column of nodes.
fn end_of_row(item: u32, row: u32, fy: f32, column: u32, block: u32) -> vec4f {
  return (1 - fy) * node(item, row, column, block) + fy * node(item, row + 1, column, block);
}

// The first pixel at or after this many half pixels.
fn pixel_at(half_pixels: u32) -> u32 {
  return (max(half_pixels, params.left) - params.left + 1) / 2;
}

// Logits of a pixel that lies right of a column of nodes by the fraction fx.
fn logits_of(item: u32, row: u32, fy: f32, column: u32, fx: f32, block: u32) -> vec4f {
  let left = end_of_row(item, row, fy, column, block);
  let right = end_of_row(item, row, fy, column + 1, block);
  return (1 - fx) * left + fx * right;
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

// The loss of a row of a cell, before it is scaled. Writes its two sums.
fn row_loss(unit: u32) -> f32 {
  let blocks = (CHANNELS + 3) / 4;
  let line = unit / params.cells; // a row of a picture of the batch
  let item = line / params.out_h;
  let column = params.first_cell + unit % params.cells;
  let down = line % params.out_h * 2 + params.top;
  let row = down / params.step;
  let fy = f32(down % params.step) / f32(params.step);
  let at = unit * 2 * blocks;
  for (var i = 0u; i < 2 * blocks; i++) { sums[at + i] = vec4f(); }

  var loss = 0.0;
  let end = min(params.out_w, pixel_at((column + 1) * params.step));
  for (var x = pixel_at(column * params.step); x < end; x++) {
    let pixel = line * params.out_w + x;
    let fx = f32(x * 2 + params.left - column * params.step) / f32(params.step);
    var label = 0u;
    if (HAS_LABELS) {
      label = (labels[pixel / 4] >> (pixel % 4 * 8)) & 0xff;
      if (label == params.ignored || label >= CHANNELS) { continue; }
    }

    var largest = vec4f(logits_of(item, row, fy, column, fx, 0).x); // stands in for empty lanes: it changes no maximum
    for (var block = 0u; block < blocks; block++) {
      largest = select(largest, max(largest, logits_of(item, row, fy, column, fx, block)), filled(block));
    }
    let peak = vec4f(max(max(largest.x, largest.y), max(largest.z, largest.w)));

    var exponentials = vec4f();
    var masses = vec4f(); // of the weighted target
    var distances = vec4f(); // of the logits from the peak, times the weighted target
    for (var block = 0u; block < blocks; block++) {
      let below = logits_of(item, row, fy, column, fx, block) - peak;
      let weighted = target_of_pixel(pixel, block, label);
      exponentials += select(vec4f(), exp(below), filled(block));
      masses += weighted;
      let counts = filled(block) & (is_label(block, label) | vec4<bool>(!HAS_LABELS));
      distances -= select(vec4f(), weighted * below, counts);
    }
    let sum = finite_or_nan(dot(exponentials, vec4f(1)));
    let mass = dot(masses, vec4f(1));
    loss += mass * log_of_sum(sum) + dot(distances, vec4f(1));

    for (var block = 0u; block < blocks; block++) {
      let probability = exp(logits_of(item, row, fy, column, fx, block) - peak) / sum;
      let slope = scale[0] * (probability * mass - target_of_pixel(pixel, block, label));
      sums[at + block] += select(vec4f(), (1 - fx) * slope, filled(block));
      sums[at + blocks + block] += select(vec4f(), fx * slope, filled(block));
    }
  }
  return loss;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let part = id.y * groups.x + id.x;
  if (part >= params.parts) { return; } // a folded grid may be longer than the parts
  let unit = part * THREADS + t;
  shares[t] = 0;
  if (unit < params.units) { shares[t] = row_loss(unit); }
  workgroupBarrier();
  if (t > 0) { return; }
  var total = 0.0;
  for (var i = 0u; i < THREADS; i++) { total += shares[i]; }
  losses[part] = total * scale[0];
  if (part + 1 == params.parts) {
    for (var i = params.parts; i % 4 > 0; i++) { losses[i] = 0; }
  }
}
