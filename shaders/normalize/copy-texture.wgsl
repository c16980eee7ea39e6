// normalize, copy-texture: copy.wgsl into the one plane of a texture, which convolutions of software adapters read.
// Over copy: a thread takes WORDS pixels of a row, so that it loads mean and deviation once for all.
// Operands:
//   image            one RGBA8 word per pixel
//   mean, deviation  one vec4 (R, G, B, 0)
//   y                texel (1 + column, batch item * height + row), see layout tex4

struct Params {
  in_h: u32, // of the picture; zeros follow it in y
  in_w: u32,
  out_h: u32,
  out_w: u32,
  rows: u32, // batch * out_h
}

@group(0) @binding(0) var<storage, read> image: array<u32>;
@group(0) @binding(1) var<storage, read> mean: array<vec4f>;
@group(0) @binding(2) var<storage, read> deviation: array<vec4f>;
@group(0) @binding(3) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(4) var<uniform> params: Params;

const WORDS: u32 = 16; // pixels of a thread

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.rows) { return; }
  let n = id.y / params.out_h;
  let row = id.y % params.out_h;
  let start = (n * params.in_h + row) * params.in_w;
  let average = mean[0].xyz;
  let spread = deviation[0].xyz;
  for (var i = 0u; i < WORDS; i++) {
    let column = id.x + i * groups.x * 8;
    if (column >= params.out_w) { break; }
    if (row >= params.in_h || column >= params.in_w) {
      textureStore(y, vec2u(column + 1, id.y), vec4f());
      continue;
    }
    let word = image[start + column];
    let value = vec3f(vec3u(word, word >> 8, word >> 16) & vec3u(255)) / 255.0;
    textureStore(y, vec2u(column + 1, id.y), vec4f((value - average) / spread, 0.0));
  }
}
