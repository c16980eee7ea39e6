// channel-sum, tree: a workgroup computes the sums of 16 channels of a part.
// Over naive:
// - 64 threads share each sum. They add up their parts in pairs, always in the same order, so that every run gives the
//   same bits.
// - Neighbouring threads take neighbouring blocks of channels, so that they read neighbouring addresses.
// Operands:
//   dy     NHWC in vec4 blocks
//   parts  [split][channel], zeros to a multiple of four

const BLOCKS: u32 = 4; // blocks of channels of a workgroup
const SHARERS: u32 = 64; // threads that share a sum
const CHUNK: u32 = 16; // pixels that a thread adds up before it adds them to the rest, which keeps digits

struct Params {
  pixels: u32, // batch * height * width
  channels: u32,
  splits: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> parts: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> sums: array<vec4f, BLOCKS * SHARERS>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let blocks = (params.channels + 3) / 4;
  let groups_of_split = (blocks + BLOCKS - 1) / BLOCKS;
  let index = id.y * groups.x + id.x;
  let split = index / groups_of_split;
  if (split >= params.splits) { return; } // a folded grid may be longer than the sums
  let block = index % groups_of_split * BLOCKS + t % BLOCKS;
  let first = t / BLOCKS;
  let span = (params.pixels + params.splits - 1) / params.splits;
  let end = min(params.pixels, (split + 1) * span);

  var sum = vec4f();
  if (block < blocks) {
    for (var start = split * span + first; start < end; start += SHARERS * CHUNK) {
      var part = vec4f();
      for (var k = 0u; k < CHUNK; k++) {
        let pixel = start + k * SHARERS;
        if (pixel < end) { part += dy[pixel * blocks + block]; }
      }
      sum += part;
    }
  }
  sums[t] = sum;
  workgroupBarrier();
  for (var half = SHARERS / 2; half > 0; half /= 2) {
    if (first < half) { sums[t] += sums[t + half * BLOCKS]; }
    workgroupBarrier();
  }
  if (first == 0) {
    for (var lane = 0u; lane < 4 && block * 4 + lane < params.channels; lane++) {
      parts[split * params.channels + block * 4 + lane] = sums[t][lane];
    }
  }
  if (index == 0 && t == 0) {
    for (var rest = params.splits * params.channels; rest % 4 > 0; rest++) { parts[rest] = 0; }
  }
}
