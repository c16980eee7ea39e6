// global-average-pool, tree: a workgroup computes the means of 16 channels.
// Over naive:
// - 64 threads share each sum. They add up their parts in pairs, always in the same order, so that every run gives the
//   same bits.
// - Neighbouring threads take neighbouring blocks of channels, so that they read neighbouring addresses.
// Operands:
//   x, y  NHWC in vec4 blocks

const BLOCKS: u32 = 4; // blocks of channels of a workgroup
const SHARERS: u32 = 64; // threads that share a sum
const CHUNK: u32 = 16; // pixels that a thread adds up before it adds them to the rest, which keeps digits

struct Params {
  blocks: u32, // channels / 4
  images: u32, // batch
  pixels: u32, // of a plane
  divisor: f32, // pixels, or 1 for a sum
}

// Four values as they are stored.
alias Stored = vec4f;

fn load(v: Stored) -> vec4f {
  return v;
}

fn store(v: vec4f) -> Stored {
  return v;
}

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> sums: array<vec4f, BLOCKS * SHARERS>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let groups_of_image = (params.blocks + BLOCKS - 1) / BLOCKS;
  let index = id.y * groups.x + id.x;
  let n = index / groups_of_image;
  if (n >= params.images) { return; } // a folded grid may be longer than the sums
  let block = index % groups_of_image * BLOCKS + t % BLOCKS;
  let first = t / BLOCKS;

  var sum = vec4f();
  if (block < params.blocks) {
    for (var start = first; start < params.pixels; start += SHARERS * CHUNK) {
      var part = vec4f();
      for (var k = 0u; k < CHUNK; k++) {
        let pixel = start + k * SHARERS;
        if (pixel < params.pixels) { part += load(x[(n * params.pixels + pixel) * params.blocks + block]); }
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
  if (first == 0 && block < params.blocks) {
    y[n * params.blocks + block] = store(sums[t] / params.divisor);
  }
}
