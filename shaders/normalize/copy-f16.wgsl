// normalize, copy-f16: copy.wgsl with the result stored as f16.
// Over copy: half the bytes to write.
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
  step_h: i32, // the rest says where a resized picture lies
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
  let word = image[(n * params.in_h + oy) * params.in_w + ox];
  let value = vec3f(vec3u(word, word >> 8, word >> 16) & vec3u(255)) / 255.0;
  let exact = (value - mean[0].xyz) / deviation[0].xyz;
  // WGSL leaves open what packing a number beyond f16 gives.
  let rgb = clamp(exact, vec3f(-65504), vec3f(65504));
  y[i] = vec2u(pack2x16float(rgb.xy), pack2x16float(vec2f(rgb.z, 0.0)));
}
