// convert, border: one thread copies a part of a pixel into a map with another border of zeros, which stays as it is.
// Operands:
//   x, y  NHWC in blocks of 4 channels, with a border each; a part is 8 bytes

struct Params {
  parts: u32, // of the whole tensor, without borders
  height: u32,
  width: u32,
  pixel_parts: u32, // of a pixel
  x_border: u32,
  y_border: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(2) var<uniform> params: Params;

fn place_inside(pixel: u32, border: u32) -> u32 {
  let at = vec2u(pixel % params.width, pixel / params.width % params.height) + border;
  let image = pixel / (params.width * params.height);
  return (image * (params.height + 2 * border) + at.y) * (params.width + 2 * border) + at.x;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.parts) { return; }
  let pixel = i / params.pixel_parts;
  let part = i % params.pixel_parts;
  let source = place_inside(pixel, params.x_border) * params.pixel_parts + part;
  y[place_inside(pixel, params.y_border) * params.pixel_parts + part] = x[source];
}
