// A picture with a label map over it, as one triangle that covers the canvas.

// As in cpu-painter.ts.
const FADED = 0.28;
const EDGE_BRIGHTNESS = 0.55;
const EDGE_OPACITY = 1.6;
const EDGE_WIDTH = 1.5;  // in pixels of the canvas

struct Look {
  picture: vec2f,  // its size in pixels
  canvas: vec2f,
  opacity: f32,    // weight of the class's colour
  split: f32,      // share of the width that shows the bare picture
  highlight: i32,  // the only class to colour; -1: all
  has_labels: u32,
}

@group(0) @binding(0) var<uniform> look: Look;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var<storage, read> labels: array<u32>;   // four to a word, rows without padding
@group(0) @binding(4) var<storage, read> palette: array<u32>;  // R in the low byte

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn label_at(position: vec2f) -> u32 {
  let p = vec2u(clamp(position, vec2f(0.0), look.picture - 1.0));
  let i = p.y * u32(look.picture.x) + p.x;
  return (labels[i / 4u] >> (8u * (i % 4u))) & 0xffu;
}

@fragment
fn colour(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let uv = at.xy / look.canvas;
  let bare = textureSampleLevel(picture, linear, uv, 0.0).rgb;
  if (look.has_labels == 0u || uv.x < look.split) {
    return vec4f(bare, 1.0);
  }
  let p = uv * look.picture;
  let label = label_at(p);
  if (look.highlight >= 0 && label != u32(look.highlight)) {
    let grey = dot(bare, vec3f(0.2126, 0.7152, 0.0722));
    return vec4f(vec3f(0.5 + (grey - 0.5) * FADED), 1.0);
  }
  if (label == 0u || look.opacity == 0.0) {
    return vec4f(bare, 1.0);
  }
  let reach = EDGE_WIDTH * look.picture / look.canvas;
  let edge = label_at(p + vec2f(reach.x, 0.0)) != label || label_at(p - vec2f(reach.x, 0.0)) != label
    || label_at(p + vec2f(0.0, reach.y)) != label || label_at(p - vec2f(0.0, reach.y)) != label;
  let class_colour = unpack4x8unorm(palette[label]).rgb * select(1.0, EDGE_BRIGHTNESS, edge);
  let share = select(look.opacity, min(1.0, look.opacity * EDGE_OPACITY), edge);
  return vec4f(mix(bare, class_colour, share), 1.0);
}
