// global-average-pool, tree-f16: tree.wgsl on activations stored as f16. Sums are f32.
// Over tree: half the memory traffic.
// Operands:
//   x, y  NHWC in blocks of four halves

const BLOCKS: u32 = 4; // blocks of channels of a workgroup
const SHARERS: u32 = 64; // threads that share a sum
const CHUNK: u32 = 16; // pixels that a thread adds up before it adds them to the rest, which keeps digits

struct Params {
  blocks: u32, // channels / 4
  images: u32, // batch
  pixels: u32, // of a plane
  divisor: f32, // pixels, or 1 for a sum
}

// Four halves as they are stored.
alias Stored = vec2u;

fn load(v: Stored) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

// What f16 cannot hold becomes its largest number with the sign. WGSL leaves open what packing such a value gives.
fn store(v: vec4f) -> Stored {
  let largest = vec4f(65504);
  var held = select(v, largest, v > largest); // select, not clamp: NaN must stay visible
  held = select(held, -largest, held < -largest);
  return vec2u(pack2x16float(held.xy), pack2x16float(held.zw));
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
