// leaky-relu, texture: naive.wgsl between textures. For software adapters, whose convolutions read and write textures.
// Over naive: the lanes are neighbouring texels, and a thread takes several of a row. Zeros stay zero, so the columns
// of zeros are mapped like the rest, and no thread has to find its plane.
// Operands:
//   x, y  planes of 4 channels, see layout tex4

struct Params {
  width: u32, // of the texture
  height: u32,
  slope: f32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.height) { return; }
  for (var column = id.x; column < params.width; column += groups.x * 8) {
    let at = vec2u(column, id.y);
    let v = textureLoad(x, at);
    textureStore(y, at, select(v, params.slope * v, v < vec4f())); // select, not max: NaN must stay visible
  }
}
