// concat, blocks: one thread copies four channels of one pixel. Needs a multiple of four channels in a.
// Over naive: one load, because each block of y is a block of one input.
// Operands:
//   a, b, y  NHWC in vec4 blocks

override A_CHANNELS: u32 = 1;
override B_CHANNELS: u32 = 1;

struct Params {
  pixels: u32, // batch * height * width
  a_repeat: u32, // pixels of y for each pixel of a: 1, or all of a batch item
  b_repeat: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let a_blocks = A_CHANNELS / 4;
  let b_blocks = (B_CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * (a_blocks + b_blocks)) { return; }

  let pixel = i / (a_blocks + b_blocks);
  let block = i % (a_blocks + b_blocks);
  var copied: vec4f;
  if (block < a_blocks) {
    copied = a[pixel / params.a_repeat * a_blocks + block];
  } else {
    copied = b[pixel / params.b_repeat * b_blocks + block - a_blocks];
  }
  y[i] = copied;
}
