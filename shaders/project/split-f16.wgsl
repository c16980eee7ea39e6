// project, split-f16: split.wgsl with features stored as f16.
// Over split: half the memory traffic for features. Weights, sums and logits stay f32. Only this comment, `Stored` and
// `load` differ.
// Operands:
//   x       NHWC in blocks of four halves
//   weight  [classes/4][in/4][4 classes], each a vec4 over 4 features
//   bias    one f32 per class
//   y       NHWC in vec4 blocks

const PIXELS: u32 = 4; // pixels of a workgroup
const BLOCKS: u32 = 8; // class blocks of a workgroup
const SHARE: u32 = 32; // threads that share a sum
const PITCH = BLOCKS * SHARE; // partial sums of one pixel in workgroup memory

struct Params {
  pixels: u32, // batch * height * width
  in_blocks: u32, // features / 4
  class_blocks: u32, // classes / 4
  has_bias: u32,
}

// Four features as they are stored, in halves.
alias Stored = vec2u;

fn load(v: Stored) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

// For each pixel and class block, the partial sums of its threads, next to each other.
var<workgroup> parts: array<vec4f, PIXELS * PITCH>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let class_groups = (params.class_blocks + BLOCKS - 1) / BLOCKS;
  let index = id.y * groups.x + id.x;
  let first_pixel = index / class_groups * PIXELS;
  let first_block = index % class_groups * BLOCKS;
  if (first_pixel >= params.pixels) { return; } // a folded grid may be longer than the pixels

  let block = min(first_block + thread / SHARE, params.class_blocks - 1);
  let share = thread % SHARE;
  var sum: array<vec4f, PIXELS>;
  for (var c = share; c < params.in_blocks; c += SHARE) {
    let w = (block * params.in_blocks + c) * 4;
    let weights = mat4x4f(weight[w], weight[w + 1], weight[w + 2], weight[w + 3]);
    for (var p = 0u; p < PIXELS; p++) {
      let pixel = min(first_pixel + p, params.pixels - 1);
      sum[p] += load(x[pixel * params.in_blocks + c]) * weights;
    }
  }

  for (var p = 0u; p < PIXELS; p++) { parts[p * PITCH + thread] = sum[p]; }
  // Adds up the threads in pairs, half of those that are left in each turn.
  for (var half = SHARE / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (share < half) {
      for (var p = 0u; p < PIXELS; p++) { parts[p * PITCH + thread] += parts[p * PITCH + thread + half]; }
    }
  }
  workgroupBarrier();

  let pixel = first_pixel + thread / BLOCKS;
  let out_block = first_block + thread % BLOCKS;
  if (thread >= PIXELS * BLOCKS || pixel >= params.pixels || out_block >= params.class_blocks) { return; }
  var value = parts[thread * SHARE];
  if (params.has_bias != 0) { value += bias[out_block]; }
  y[pixel * params.class_blocks + out_block] = value;
}
