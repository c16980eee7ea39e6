// project, vec4: one thread computes four classes of one pixel.
// Over naive: reads four features at a time, and each of them once for four classes.
// Operands:
//   x, y    NHWC in vec4 blocks
//   weight  [classes/4][in/4][4 classes], each a vec4 over 4 features
//   bias    one f32 per class

struct Params {
  pixels: u32, // batch * height * width
  in_blocks: u32, // features / 4
  class_blocks: u32, // classes / 4
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * params.class_blocks) { return; }

  let block = i % params.class_blocks;
  let pixel = i / params.class_blocks;
  var sum = vec4f();
  for (var c = 0u; c < params.in_blocks; c++) {
    let v = x[pixel * params.in_blocks + c];
    let w = (block * params.in_blocks + c) * 4;
    sum += vec4f(dot(v, weight[w]), dot(v, weight[w + 1]), dot(v, weight[w + 2]), dot(v, weight[w + 3]));
  }
  if (params.has_bias != 0) { sum += bias[block]; }
  y[i] = sum;
}
