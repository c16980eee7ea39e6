// project, split-f16: as split, with features stored as f16; weights, sums and logits stay f32. One workgroup makes 4 pixels x
// 32 classes; the 32 threads of a class block share its sums and are added up in workgroup memory in a fixed order.
// x: NHWC in blocks of four halves.  y: NHWC in vec4 blocks.  weight: [classes/4][in/4][4 classes], each a vec4 over 4 inputs.

const PIXELS: u32 = 4; // of a workgroup
const BLOCKS: u32 = 8; // class blocks of a workgroup
const SHARE: u32 = 32; // threads that share a sum

struct Params {
  pixels: u32, // batch * height * width
  in_blocks: u32, // features / 4
  class_blocks: u32, // classes / 4
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> parts: array<vec4f, PIXELS * BLOCKS * SHARE>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let class_groups = (params.class_blocks + BLOCKS - 1) / BLOCKS;
  let index = id.y * groups.x + id.x;
  let pixel_0 = index / class_groups * PIXELS;
  let block_0 = index % class_groups * BLOCKS;
  if (pixel_0 >= params.pixels) { return; } // a folded grid may be longer than the pixels

  let block = min(block_0 + thread / SHARE, params.class_blocks - 1);
  let share = thread % SHARE;
  var sum: array<vec4f, PIXELS>;
  for (var c = share; c < params.in_blocks; c += SHARE) {
    let w = (block * params.in_blocks + c) * 4;
    let weights = mat4x4f(weight[w], weight[w + 1], weight[w + 2], weight[w + 3]);
    for (var p = 0u; p < PIXELS; p++) {
      let halves = x[min(pixel_0 + p, params.pixels - 1) * params.in_blocks + c];
      sum[p] += vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y)) * weights;
    }
  }

  for (var p = 0u; p < PIXELS; p++) { parts[p * BLOCKS * SHARE + thread] = sum[p]; }
  for (var half = SHARE / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (share < half) {
      for (var p = 0u; p < PIXELS; p++) { parts[p * BLOCKS * SHARE + thread] += parts[p * BLOCKS * SHARE + thread + half]; }
    }
  }
  workgroupBarrier();

  let pixel = pixel_0 + thread / BLOCKS;
  let out_block = block_0 + thread % BLOCKS;
  if (thread >= PIXELS * BLOCKS || pixel >= params.pixels || out_block >= params.class_blocks) { return; }
  var value = parts[thread * SHARE];
  if (params.has_bias != 0) { value += bias[out_block]; }
  y[pixel * params.class_blocks + out_block] = value;
}
