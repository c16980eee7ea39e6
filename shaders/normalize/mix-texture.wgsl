// normalize, mix-texture: naive.wgsl into the one plane of a texture, which convolutions of software adapters read.
// Over naive: the lanes of a workgroup take a row together, so that the row's position is computed once for them, and
// nothing is converted afterwards.
// Operands:
//   image            one RGBA8 word per pixel
//   mean, deviation  one vec4 (R, G, B, 0)
//   y                texel (1 + column, batch item * out_h + row), see layout tex4

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  texel_rows: u32, // batch * out_h
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
@group(0) @binding(3) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(4) var<uniform> params: Params;

const WORDS: u32 = 16; // pixels of a thread

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

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.texel_rows) { return; }
  let n = id.y / params.out_h;
  let oy = id.y % params.out_h;
  let average = mean[0].xyz;
  let spread = deviation[0].xyz;
  let row = position(oy, params.step_h, params.offset_h, params.over_h, params.in_h);
  for (var i = 0u; i < WORDS; i++) {
    let ox = id.x + i * groups.x * 8;
    if (ox >= params.out_w) { break; }
    if (oy >= params.rows || ox >= params.columns) {
      textureStore(y, vec2u(ox + 1, id.y), vec4f());
      continue;
    }
    let column = position(ox, params.step_w, params.offset_w, params.over_w, params.in_w);
    let top = mix(rgb_at(n, row.low, column.low), rgb_at(n, row.low, column.high), column.weight);
    let bottom = mix(rgb_at(n, row.high, column.low), rgb_at(n, row.high, column.high), column.weight);
    let value = mix(top, bottom, row.weight) / 255.0;
    textureStore(y, vec2u(ox + 1, id.y), vec4f((value - average) / spread, 0.0));
  }
}
