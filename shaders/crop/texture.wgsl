// crop, texture: naive.wgsl between textures. For software adapters, whose convolutions read and write textures.
// Over naive: the lanes are neighbouring pixels of a plane, and a thread takes several texels of a row.
// Operands:
//   x, y  planes of 4 channels, see layout tex4

override CHANNELS: u32 = 1;

struct Params {
  in_h: u32,
  in_w: u32,
  in_columns: u32, // planes side by side in the texture
  out_h: u32,
  out_w: u32,
  out_columns: u32,
  rows: u32, // batch * out_h
  top: u32,
  left: u32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.rows) { return; }
  let blocks = (CHANNELS + 3) / 4;
  let block = id.z;
  let n = id.y / params.out_h;
  let corner = vec2u(block % params.in_columns * (params.in_w + 1) + 1,
    (n * ((blocks + params.in_columns - 1) / params.in_columns) + block / params.in_columns) * params.in_h);
  let out_corner = vec2u(block % params.out_columns * (params.out_w + 1) + 1,
    (n * ((blocks + params.out_columns - 1) / params.out_columns) + block / params.out_columns) * params.out_h);
  let row = id.y % params.out_h;
  let first = corner + vec2u(params.left, params.top + row);
  for (var column = id.x; column < params.out_w; column += groups.x * 8) {
    textureStore(y, out_corner + vec2u(column, row), textureLoad(x, first + vec2u(column, 0)));
  }
}
