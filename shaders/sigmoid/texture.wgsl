// sigmoid, texture: naive.wgsl between textures. For software adapters, whose convolutions read and write textures.
// Over naive: the lanes are neighbouring pixels of a plane, and a thread takes several texels of a row.
// Operands:
//   x, y  planes of 4 channels, see layout tex4

struct Params {
  height: u32,
  width: u32,
  channels: u32,
  columns: u32, // planes side by side in the texture
  rows: u32, // batch * height
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

// The exponent is never positive, so nothing overflows.
fn sigmoid(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  return select(e, vec4f(1), v >= vec4f()) / (1 + e);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.rows) { return; }
  let block = id.z;
  let n = id.y / params.height;
  let plane_rows = ((params.channels + 3) / 4 + params.columns - 1) / params.columns; // for each batch item
  let plane = vec2u(block % params.columns, n * plane_rows + block / params.columns);
  let first = plane * vec2u(params.width + 1, params.height) + vec2u(1, id.y % params.height);
  let filled = vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(params.channels); // the lanes past the last stay zero
  for (var column = id.x; column < params.width; column += groups.x * 8) {
    let at = first + vec2u(column, 0);
    textureStore(y, at, select(vec4f(), sigmoid(textureLoad(x, at)), filled));
  }
}
