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
  scale_h: f32, // in_h / rows
  scale_w: f32,
}

@group(0) @binding(0) var<storage, read> image: array<u32>;
@group(0) @binding(1) var<storage, read> mean: array<vec4f>;
@group(0) @binding(2) var<storage, read> deviation: array<vec4f>;
@group(0) @binding(3) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(4) var<uniform> params: Params;

const WORDS: u32 = 16; // pixels of a thread

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
  // Half-pixel centres; a source position before the first centre is clamped to it.
  let sy = max((f32(oy) + 0.5) * params.scale_h - 0.5, 0.0);
  let y0 = min(u32(sy), params.in_h - 1);
  let y1 = min(y0 + 1, params.in_h - 1);
  for (var i = 0u; i < WORDS; i++) {
    let ox = id.x + i * groups.x * 8;
    if (ox >= params.out_w) { break; }
    if (oy >= params.rows || ox >= params.columns) {
      textureStore(y, vec2u(ox + 1, id.y), vec4f());
      continue;
    }
    let sx = max((f32(ox) + 0.5) * params.scale_w - 0.5, 0.0);
    let x0 = min(u32(sx), params.in_w - 1);
    let x1 = min(x0 + 1, params.in_w - 1);
    let top = mix(rgb_at(n, y0, x0), rgb_at(n, y0, x1), sx - f32(x0));
    let bottom = mix(rgb_at(n, y1, x0), rgb_at(n, y1, x1), sx - f32(x0));
    let value = mix(top, bottom, sy - f32(y0)) / 255.0;
    textureStore(y, vec2u(ox + 1, id.y), vec4f((value - average) / spread, 0.0));
  }
}
