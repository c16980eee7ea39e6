// channel-sum, naive: one thread adds up four channels over the pixels of a part.
// Operands:
//   dy     NHWC in vec4 blocks
//   parts  [split][channel], zeros to a multiple of four

const CHUNK: u32 = 16; // pixels that a thread adds up before it adds them to the rest, which keeps digits

struct Params {
  pixels: u32, // batch * height * width
  channels: u32,
  splits: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> parts: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (params.channels + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.splits * blocks) { return; }

  let block = i % blocks;
  let split = i / blocks;
  let span = (params.pixels + params.splits - 1) / params.splits;
  let end = min(params.pixels, (split + 1) * span);
  var sum = vec4f();
  for (var start = split * span; start < end; start += CHUNK) {
    var part = vec4f();
    for (var pixel = start; pixel < min(end, start + CHUNK); pixel++) { part += dy[pixel * blocks + block]; }
    sum += part;
  }
  for (var lane = 0u; lane < 4 && block * 4 + lane < params.channels; lane++) {
    parts[split * params.channels + block * 4 + lane] = sum[lane];
  }
  if (i == 0) {
    for (var rest = params.splits * params.channels; rest % 4 > 0; rest++) { parts[rest] = 0; }
  }
}
