// argmax, packed: one thread finds the labels of four consecutive pixels and writes them as the bytes of one word.
// Over naive: a quarter of the bytes to write and to read back, and vec4 loads.
// Operands:
//   x  NHWC in vec4 blocks
//   y  pixel i in byte i % 4 of word i / 4; bytes past the last pixel are zero

override CHANNELS: u32 = 1;

struct Params {
  pixels: u32, // batch * height * width
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

// Tests the bits: WGSL lets an implementation assume that no float is NaN.
fn is_number(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffff) <= 0x7f800000;
}

fn largest_channel(pixel: u32) -> u32 {
  let blocks = (CHANNELS + 3) / 4;
  var label = 0u;
  var best = 0.0;
  var found = false;
  for (var block = 0u; block < blocks; block++) {
    let v = x[pixel * blocks + block];
    for (var lane = 0u; lane < 4 && block * 4 + lane < CHANNELS; lane++) {
      if (is_number(v[lane]) && (!found || v[lane] > best)) {
        label = block * 4 + lane;
        best = v[lane];
        found = true;
      }
    }
  }
  return label;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let word = id.y * groups.x * 64 + id.x;
  if (word * 4 >= params.pixels) { return; }
  var labels = 0u;
  for (var i = 0u; i < 4 && word * 4 + i < params.pixels; i++) {
    labels |= largest_channel(word * 4 + i) << (i * 8);
  }
  y[word] = labels;
}
