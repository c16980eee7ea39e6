// concat, f16: naive.wgsl on activations stored as f16.
// Over naive: half the memory traffic. Halves are moved as bits.
// Operands:
//   a, b, y  NHWC in blocks of four halves

override A_CHANNELS: u32 = 1;
override B_CHANNELS: u32 = 1;

struct Params {
  pixels: u32, // batch * height * width
  a_repeat: u32, // pixels of y for each pixel of a: 1, or all of a batch item
  b_repeat: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec2u>;
@group(0) @binding(1) var<storage, read> b: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(3) var<uniform> params: Params;

// The bits of one of four halves.
fn half(halves: vec2u, lane: u32) -> u32 {
  return (halves[lane / 2] >> (lane % 2 * 16)) & 0xffff;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (A_CHANNELS + B_CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let pixel = i / blocks;
  let a_at = pixel / params.a_repeat * ((A_CHANNELS + 3) / 4);
  let b_at = pixel / params.b_repeat * ((B_CHANNELS + 3) / 4);
  var joined = vec4u(); // the lanes past the last channel stay zero
  for (var lane = 0u; lane < 4; lane++) {
    let channel = i % blocks * 4 + lane;
    if (channel < A_CHANNELS) {
      joined[lane] = half(a[a_at + channel / 4], channel % 4);
    } else if (channel < A_CHANNELS + B_CHANNELS) {
      let own = channel - A_CHANNELS;
      joined[lane] = half(b[b_at + own / 4], own % 4);
    }
  }
  y[i] = vec2u(joined.x | (joined.y << 16), joined.z | (joined.w << 16));
}
