// slice-channels, blocks: one thread copies four channels of one pixel. Needs a multiple of four as first channel.
// Over naive: one load, because each block of y is a block of x.
// Operands:
//   x, y  NHWC in vec4 blocks

override CHANNELS: u32 = 1; // of x
override FIRST: u32 = 0;
override COUNT: u32 = 1; // channels of y

struct Params {
  pixels: u32, // batch * height * width
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (COUNT + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let block = i % blocks;
  let taken = x[i / blocks * ((CHANNELS + 3) / 4) + FIRST / 4 + block];
  // The lanes past the last channel are zero, though x may have channels there.
  y[i] = select(vec4f(), taken, vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(COUNT));
}
