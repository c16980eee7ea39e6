// colorize, naive: one thread colours one pixel, in integers.
// Operands:
//   labels    pixel i in byte i % 4 of word i / 4
//   image, y  one RGBA8 word per pixel
//   palette   256 RGBA8 words, alpha 255

override HAS_IMAGE: bool = false;
override KEEP_BACKGROUND: bool = true;

struct Params {
  pixels: u32, // batch * height * width
  opacity: u32, // weight of the palette's colour, in 256ths
}

@group(0) @binding(0) var<storage, read> labels: array<u32>;
@group(0) @binding(1) var<storage, read> image: array<u32>;
@group(0) @binding(2) var<storage, read> palette: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

const OPAQUE: u32 = 0xff000000;

fn rgb(word: u32) -> vec3u {
  return vec3u(word, word >> 8, word >> 16) & vec3u(255);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.y * groups.x * 64 + id.x;
  if (pixel >= params.pixels) { return; }
  let label = (labels[pixel / 4] >> (pixel % 4 * 8)) & 255;
  if (!HAS_IMAGE) {
    y[pixel] = palette[label];
    return;
  }
  let below = image[pixel];
  if (KEEP_BACKGROUND && label == 0) {
    y[pixel] = below | OPAQUE;
    return;
  }
  let mixed = (rgb(below) * (256 - params.opacity) + rgb(palette[label]) * params.opacity + 128) >> vec3u(8);
  y[pixel] = mixed.x | (mixed.y << 8) | (mixed.z << 16) | OPAQUE;
}
