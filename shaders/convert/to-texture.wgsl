// convert, to-texture: one thread copies one vec4 block into its plane of the texture.
// Operands:
//   x  NHWC in vec4 blocks
//   y  planes of 4 channels, see layout tex4

struct Params {
  blocks: u32, // vec4 blocks of the whole tensor
  height: u32,
  width: u32,
  channel_blocks: u32,
  columns: u32, // planes side by side in the texture
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

// Texel of vec4 block i. Column 0 of every plane stays zero.
fn texel(i: u32) -> vec2u {
  let block = i % params.channel_blocks;
  let pixel = i / params.channel_blocks;
  let n = pixel / (params.width * params.height);
  let rows = (params.channel_blocks + params.columns - 1) / params.columns; // of planes, for each batch item
  let plane = vec2u(block % params.columns, n * rows + block / params.columns);
  let corner = plane * vec2u(params.width + 1, params.height) + vec2u(1, 0);
  return corner + vec2u(pixel % params.width, pixel / params.width % params.height);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.blocks) { return; }
  textureStore(y, texel(i), x[i]);
}
