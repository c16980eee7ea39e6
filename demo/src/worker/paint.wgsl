// A picture with label maps over it, as one triangle that covers the canvas.

// As in cpu-painter.ts.
const FADED = 0.28;
const GREY_OF_BLACK = 145.0 / 255.0;
const GREY_PER_LUMA = 0.42;
const LIGHT = 1.0;
const DARK = 20.0 / 255.0;
const LINE_OPACITY = 0.85;
const LINE_WIDTH = 1.5;  // in pixels of the canvas, of each of the two lines
const STRIPE = 3.0;      // in pixels of the picture

const HAS_RIGHT = 1u;
const HAS_LEFT = 2u;
const IS_GREY = 4u;
const IS_DIFFERENCE = 8u;

struct Look {
  picture: vec2f,  // its size in pixels
  canvas: vec2f,
  opacity: f32,    // weight of the class's colour
  split: f32,      // share of the width that is left of the divider
  highlight: i32,  // the only class to colour; -1: all
  flags: u32,
}

@group(0) @binding(0) var<uniform> look: Look;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var<storage, read> right: array<u32>;    // four labels to a word, rows without padding
@group(0) @binding(4) var<storage, read> left: array<u32>;     // left of the divider, or what `right` differs from
@group(0) @binding(5) var<storage, read> palette: array<u32>;  // R in the low byte

@vertex
fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

fn label_at(position: vec2f, on_left: bool) -> u32 {
  let p = vec2u(clamp(position, vec2f(0.0), look.picture - 1.0));
  let i = p.y * u32(look.picture.x) + p.x;
  let word = select(right[i / 4u], left[i / 4u], on_left);
  return (word >> (8u * (i % 4u))) & 0xffu;
}

// The label of a neighbour that has another label, or the label itself.
fn other_label(p: vec2f, label: u32, on_left: bool) -> u32 {
  let reach = LINE_WIDTH * look.picture / look.canvas;
  let east = label_at(p + vec2f(reach.x, 0.0), on_left);
  let west = label_at(p - vec2f(reach.x, 0.0), on_left);
  let south = label_at(p + vec2f(0.0, reach.y), on_left);
  let north = label_at(p - vec2f(0.0, reach.y), on_left);
  let vertical = select(north, south, south != label);
  return select(select(vertical, west, west != label), east, east != label);
}

fn class_colour(label: u32) -> vec3f {
  return unpack4x8unorm(palette[label]).rgb;
}

@fragment
fn colour(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let uv = at.xy / look.canvas;
  let bare = textureSampleLevel(picture, linear, uv, 0.0).rgb;
  let luma = dot(bare, vec3f(0.2126, 0.7152, 0.0722));
  let grey = vec3f(GREY_OF_BLACK + GREY_PER_LUMA * luma);
  let p = uv * look.picture;
  if ((look.flags & IS_DIFFERENCE) != 0u) {
    let label = label_at(p, false);
    let other = label_at(p, true);
    let is_meant = look.highlight < 0 || label == u32(look.highlight) || other == u32(look.highlight);
    if (label == other || !is_meant) {
      return vec4f(grey, 1.0);
    }
    let cell = vec2u(p / STRIPE);
    let striped = label == 0u && (cell.x + cell.y) % 2u == 1u;
    let shown = class_colour(select(label, other, label == 0u));
    return vec4f(select(shown, vec3f(DARK), striped), 1.0);
  }
  let on_left = uv.x < look.split;
  if ((look.flags & select(HAS_RIGHT, HAS_LEFT, on_left)) == 0u) {
    return vec4f(bare, 1.0);
  }
  let label = label_at(p, on_left);
  if (look.highlight >= 0 && label != u32(look.highlight)) {
    return vec4f(vec3f(128.0 / 255.0 * (1.0 - FADED) + luma * FADED), 1.0);
  }
  let ground = select(bare, grey, (look.flags & IS_GREY) != 0u);
  if (look.opacity == 0.0) {
    return vec4f(ground, 1.0);
  }
  let filled = mix(ground, class_colour(label), select(look.opacity, 0.0, label == 0u));
  let other = other_label(p, label, on_left);
  let line = vec3f(select(DARK, LIGHT, label > other));
  let line_share = select(0.0, min(1.0, look.opacity * 1.5) * LINE_OPACITY, other != label);
  return vec4f(mix(filled, line, line_share), 1.0);
}
