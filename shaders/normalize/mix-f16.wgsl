// normalize, mix-f16: naive.wgsl with the result stored as f16.
// Over naive: half the bytes to write.
// Operands:
//   image            one RGBA8 word per pixel
//   mean, deviation  one vec4 (R, G, B, 0)
//   y                NHWC, four halves (R, G, B, 0) per pixel

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  rows: u32, // of the picture in y; zeros follow
  columns: u32,
  step_h: i32, // row i of y lies at max(i * step_h + offset_h, 0) / over_h rows of the picture
  step_w: i32,
  offset_h: i32,
  offset_w: i32,
  over_h: i32,
  over_w: i32,
}

@group(0) @binding(0) var<storage, read> image: array<u32>;
@group(0) @binding(1) var<storage, read> mean: array<vec4f>;
@group(0) @binding(2) var<storage, read> deviation: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(4) var<uniform> params: Params;

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

fn rgb_at(n: u32, row: u32, column: u32) -> vec3f {
  let word = image[(n * params.in_h + row) * params.in_w + column];
  return vec3f(vec3u(word, word >> 8, word >> 16) & vec3u(255));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels) { return; }
  let ox = i % params.out_w;
  let oy = i / params.out_w % params.out_h;
  let n = i / (params.out_w * params.out_h);
  if (oy >= params.rows || ox >= params.columns) {
    y[i] = vec2u();
    return;
  }

  let row = position(oy, params.step_h, params.offset_h, params.over_h, params.in_h);
  let column = position(ox, params.step_w, params.offset_w, params.over_w, params.in_w);
  let top = mix(rgb_at(n, row.low, column.low), rgb_at(n, row.low, column.high), column.weight);
  let bottom = mix(rgb_at(n, row.high, column.low), rgb_at(n, row.high, column.high), column.weight);
  let exact = (mix(top, bottom, row.weight) / 255.0 - mean[0].xyz) / deviation[0].xyz;
  // WGSL leaves open what packing a number beyond f16 gives.
  let rgb = clamp(exact, vec3f(-65504), vec3f(65504));
  y[i] = vec2u(pack2x16float(rgb.xy), pack2x16float(vec2f(rgb.z, 0.0)));
}
