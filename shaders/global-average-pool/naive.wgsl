// global-average-pool, naive: one thread computes the means of four channels. It adds up rows, and then their sums: one
// sum of all pixels would lose digits on large planes.
// The version to read first: the others compute the same, faster.
// Operands:
//   x, y  NHWC in vec4 blocks

struct Params {
  in_h: u32,
  in_w: u32,
  blocks: u32, // channels / 4
  planes: u32, // batch * blocks
  divisor: f32, // pixels, or 1 for a sum
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.planes) { return; }
  var at = i / params.blocks * params.in_h * params.in_w * params.blocks + i % params.blocks;
  var sum = vec4f();
  for (var row = 0u; row < params.in_h; row++) {
    var row_sum = vec4f();
    for (var column = 0u; column < params.in_w; column++) {
      row_sum += x[at];
      at += params.blocks;
    }
    sum += row_sum;
  }
  y[i] = sum / params.divisor;
}
