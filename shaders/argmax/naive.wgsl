// argmax, naive: one thread finds the label of one pixel and writes it as u32.
// The version to read first: the other computes the same, faster. Serves more than 256 classes.
// Operands:
//   x  NHWC, channels padded to 4
//   y  one u32 per pixel

override CHANNELS: u32 = 1;

struct Params {
  pixels: u32, // batch * height * width
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// Tests the bits: WGSL lets an implementation assume that no float is NaN.
fn is_number(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffff) <= 0x7f800000;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.y * groups.x * 64 + id.x;
  if (pixel >= params.pixels) { return; }
  let first = pixel * ((CHANNELS + 3) / 4 * 4);
  var label = 0u;
  var best = 0.0;
  var found = false;
  for (var c = 0u; c < CHANNELS; c++) {
    let v = x[first + c];
    if (is_number(v) && (!found || v > best)) {
      label = c;
      best = v;
      found = true;
    }
  }
  y[pixel] = label;
}
