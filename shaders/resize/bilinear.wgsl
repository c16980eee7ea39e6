// resize, bilinear: one thread mixes four channels of the four pixels around one position.
// Operands:
//   x, y  NHWC in vec4 blocks

override CHANNELS: u32 = 1;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  step_h: i32, // output row i lies at max(i * step_h + offset_h, 0) / over_h rows of the input
  step_w: i32,
  offset_h: i32,
  offset_w: i32,
  over_h: i32,
  over_w: i32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

struct Position {
  low: u32,
  high: u32,
  weight: f32, // of `high`
}

// In integers up to the last step: a float position such as 500.3 would leave only five digits for the weight.
fn position(i: u32, step: i32, offset: i32, over: i32, size: u32) -> Position {
  let at = max(i32(i) * step + offset, 0);
  let low = u32(at / over);
  return Position(low, min(low + 1, size - 1), f32(at % over) / f32(over));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let block = i % blocks;
  let pixel = i / blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let row = position(oy, params.step_h, params.offset_h, params.over_h, params.in_h);
  let column = position(ox, params.step_w, params.offset_w, params.over_w, params.in_w);
  let low = (n * params.in_h + row.low) * params.in_w;
  let high = (n * params.in_h + row.high) * params.in_w;
  let top = mix(x[(low + column.low) * blocks + block], x[(low + column.high) * blocks + block], column.weight);
  let bottom = mix(x[(high + column.low) * blocks + block], x[(high + column.high) * blocks + block], column.weight);
  y[i] = mix(top, bottom, row.weight);
}
