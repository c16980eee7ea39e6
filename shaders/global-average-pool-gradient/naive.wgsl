// global-average-pool-gradient, naive: one thread, one vec4 block.
// Operands:
//   dy, dx  NHWC in vec4 blocks

struct Params {
  images: u32, // batch
  pixels: u32, // of a plane of dx
  blocks: u32, // channels / 4
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let image_blocks = params.pixels * params.blocks;
  if (i >= params.images * image_blocks) { return; }
  dx[i] = dy[i / image_blocks * params.blocks + i % params.blocks] / f32(params.pixels);
}
