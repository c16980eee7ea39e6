// normalize, naive: one thread mixes one output pixel from the four nearest of the picture, then normalises it.
// The version to read first: the others compute the same, faster.
// Operands:
//   image            one RGBA8 word per pixel
//   mean, deviation  one vec4 (R, G, B, 0)
//   y                NHWC, one vec4 (R, G, B, 0) per pixel

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  rows: u32, // of the picture in y; zeros follow
  columns: u32,
  scale_h: f32, // in_h / rows
  scale_w: f32,
}

@group(0) @binding(0) var<storage, read> image: array<u32>;
@group(0) @binding(1) var<storage, read> mean: array<vec4f>;
@group(0) @binding(2) var<storage, read> deviation: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

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
    y[i] = vec4f();
    return;
  }

  // Half-pixel centres; a source position before the first centre is clamped to it.
  let sy = max((f32(oy) + 0.5) * params.scale_h - 0.5, 0.0);
  let sx = max((f32(ox) + 0.5) * params.scale_w - 0.5, 0.0);
  let y0 = min(u32(sy), params.in_h - 1);
  let x0 = min(u32(sx), params.in_w - 1);
  let y1 = min(y0 + 1, params.in_h - 1);
  let x1 = min(x0 + 1, params.in_w - 1);
  let top = mix(rgb_at(n, y0, x0), rgb_at(n, y0, x1), sx - f32(x0));
  let bottom = mix(rgb_at(n, y1, x0), rgb_at(n, y1, x1), sx - f32(x0));
  let value = mix(top, bottom, sy - f32(y0)) / 255.0;
  y[i] = vec4f((value - mean[0].xyz) / deviation[0].xyz, 0.0);
}
