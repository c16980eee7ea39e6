// resize-argmax, corners: one thread finds the labels of four consecutive pixels.
// Over naive: corners are fetched only where they change. Pixels of an enlarged picture mostly share them.
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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let word = id.y * groups.x * 64 + id.x;
  if (word * 4 >= params.pixels) { return; }
  let blocks = (CHANNELS + 3) / 4;

  // For each pixel: its corners (top left, top right, bottom left, bottom right) and its position between them.
  var corners: array<vec4u, 4>;
  var weights: array<vec2f, 4>;
  for (var i = 0u; i < 4; i++) {
    let pixel = min(word * 4 + i, params.pixels - 1);
    let oy = pixel / params.out_w % params.out_h;
    let row = position_within(oy, params.step_h, params.offset_h, params.over_h, params.most_h, params.in_h);
    let ox = pixel % params.out_w;
    let column = position_within(ox, params.step_w, params.offset_w, params.over_w, params.most_w, params.in_w);
    let n = pixel / (params.out_w * params.out_h);
    let top = (n * params.in_h + row.low) * params.in_w;
    let bottom = (n * params.in_h + row.high) * params.in_w;
    corners[i] = vec4u(top + column.low, top + column.high, bottom + column.low, bottom + column.high) * blocks;
    weights[i] = vec2f(column.weight, row.weight);
  }

  var label = vec4u();
  var best = vec4f();
  var found = vec4<bool>();
  for (var block = 0u; block < blocks; block++) {
    var a = vec4f();
    var b = vec4f();
    var c = vec4f();
    var d = vec4f();
    for (var i = 0u; i < 4; i++) {
      if (i == 0 || any(corners[i] != corners[max(i, 1) - 1])) {
        a = x[corners[i].x + block];
        b = x[corners[i].y + block];
        c = x[corners[i].z + block];
        d = x[corners[i].w + block];
      }
      let v = mix(mix(a, b, weights[i].x), mix(c, d, weights[i].x), weights[i].y);
      for (var lane = 0u; lane < 4 && block * 4 + lane < CHANNELS; lane++) {
        if (is_number(v[lane]) && (!found[i] || v[lane] > best[i])) {
          label[i] = block * 4 + lane;
          best[i] = v[lane];
          found[i] = true;
        }
      }
    }
  }
  var labels = 0u;
  for (var i = 0u; i < 4 && word * 4 + i < params.pixels; i++) { labels |= label[i] << (i * 8); }
  y[word] = labels;
}
