// slice-channels, naive: one thread gathers four channels of one pixel.
// Operands:
//   x, y  NHWC in vec4 blocks

override CHANNELS: u32 = 1; // of x
override FIRST: u32 = 0;
override COUNT: u32 = 1; // channels of y

struct Params {
  pixels: u32, // batch * height * width
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (COUNT + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let at = i / blocks * ((CHANNELS + 3) / 4);
  var taken = vec4f(); // the lanes past the last channel stay zero
  for (var lane = 0u; lane < 4; lane++) {
    let channel = i % blocks * 4 + lane;
    if (channel < COUNT) { taken[lane] = x[at + (FIRST + channel) / 4][(FIRST + channel) % 4]; }
  }
  y[i] = taken;
}
