// project, vec4: one thread computes four classes of one pixel.
// Over naive: reads four features at a time, and each of them once for four classes.
// Operands:
//   x, y    NHWC in vec4 blocks
//   weight  [classes/4][in/4][4 classes], each a vec4 over 4 features
//   bias    one f32 per class

override IN_C: u32 = 1;
override CLASSES: u32 = 1;
override HAS_BIAS: bool = false;

struct Params {
  pixels: u32, // batch * height * width
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_blocks = (IN_C + 3) / 4;
  let class_blocks = (CLASSES + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * class_blocks) { return; }

  let block = i % class_blocks;
  let pixel = i / class_blocks;
  var sum = vec4f();
  for (var c = 0u; c < in_blocks; c++) {
    let v = x[pixel * in_blocks + c];
    let w = (block * in_blocks + c) * 4;
    sum += vec4f(dot(v, weight[w]), dot(v, weight[w + 1]), dot(v, weight[w + 2]), dot(v, weight[w + 3]));
  }
  if (HAS_BIAS) { sum += bias[block]; }
  y[i] = sum;
}
