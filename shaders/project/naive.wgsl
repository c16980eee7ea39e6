// project, naive: one thread computes one logit of one pixel.
// The version to read first: the others compute the same, faster.
// Operands:
//   x, y    NHWC, channels padded to 4
//   weight  [classes][in]
//   bias    one value per class

override IN_C: u32 = 1;
override CLASSES: u32 = 1;

struct Params {
  pixels: u32, // batch * height * width
  in_blocks: u32, // features / 4
  class_blocks: u32, // classes / 4
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let in_pitch = params.in_blocks * 4;
  let out_pitch = params.class_blocks * 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * out_pitch) { return; }

  let class_index = i % out_pitch;
  let pixel = i / out_pitch;
  var sum = 0.0;
  if (class_index < CLASSES) { // the lanes past the last class stay zero
    for (var c = 0u; c < IN_C; c++) {
      sum += x[pixel * in_pitch + c] * weight[class_index * IN_C + c];
    }
    if (params.has_bias != 0) { sum += bias[class_index]; }
  }
  y[i] = sum;
}
