// resize-argmax, naive: one thread finds the labels of four consecutive pixels, each from the four corners around it.
// The version to read first: the others compute the same, faster.
// Operands:
//   x  NHWC in vec4 blocks
//   y  pixel i in byte i % 4 of word i / 4; bytes past the last pixel are zero

override CHANNELS: u32 = 1;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  step_h: i32, // output row i lies at clamp(i * step_h + offset_h, 0, most_h) / over_h rows of the input
  step_w: i32,
  offset_h: i32,
  offset_w: i32,
  over_h: i32,
  over_w: i32,
  most_h: i32,
  most_w: i32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

struct Position {
  low: u32,
  high: u32,
  weight: f32, // of `high`
}

// In integers up to the last step: a float position such as 500.3 would leave only five digits for the weight.
fn position_within(i: u32, step: i32, offset: i32, over: i32, most: i32, size: u32) -> Position {
  let at = clamp(i32(i) * step + offset, 0, most);
  let low = u32(at / over);
  return Position(low, min(low + 1, size - 1), f32(at % over) / f32(over));
}

// Tests the bits: WGSL lets an implementation assume that no float is NaN.
fn is_number(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffff) <= 0x7f800000;
}

fn resized_label(pixel: u32) -> u32 {
  let blocks = (CHANNELS + 3) / 4;
  let oy = pixel / params.out_w % params.out_h;
  let row = position_within(oy, params.step_h, params.offset_h, params.over_h, params.most_h, params.in_h);
  let ox = pixel % params.out_w;
  let column = position_within(ox, params.step_w, params.offset_w, params.over_w, params.most_w, params.in_w);
  let n = pixel / (params.out_w * params.out_h);
  let low = (n * params.in_h + row.low) * params.in_w;
  let high = (n * params.in_h + row.high) * params.in_w;
  var label = 0u;
  var best = 0.0;
  var found = false;
  for (var block = 0u; block < blocks; block++) {
    let top = mix(x[(low + column.low) * blocks + block], x[(low + column.high) * blocks + block], column.weight);
    let bottom = mix(x[(high + column.low) * blocks + block], x[(high + column.high) * blocks + block], column.weight);
    let v = mix(top, bottom, row.weight);
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
    labels |= resized_label(word * 4 + i) << (i * 8);
  }
  y[word] = labels;
}
