// average-pool2d, texture: naive.wgsl between textures. For software adapters, whose convolutions read and write
// textures.
// Over naive: the lanes are neighbouring pixels of a plane, and each reads texels instead of a buffer.
// Operands:
//   x, y  planes of 4 channels, see layout tex4

override CHANNELS: u32 = 1;
override KERNEL_H: u32 = 2;
override KERNEL_W: u32 = 2;
override STRIDE_H: u32 = 2;
override STRIDE_W: u32 = 2;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override COUNT_PADDING: bool = true;

struct Params {
  in_h: u32,
  in_w: u32,
  in_columns: u32, // planes side by side in the texture
  out_h: u32,
  out_w: u32,
  out_columns: u32,
  rows: u32, // batch * out_h
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

// A window along one axis.
struct Span {
  first: u32, // inside the input
  end: u32, // one past the last
  counted: u32, // rows or columns in the divisor
}

fn span(origin: i32, kernel: u32, padding: u32, size: u32) -> Span {
  let first = max(origin, 0);
  let end = min(origin + i32(kernel), i32(size));
  let padded_end = min(origin + i32(kernel), i32(size + padding)); // beyond the padding nothing counts
  return Span(u32(first), u32(end), u32(select(end - first, padded_end - origin, COUNT_PADDING)));
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.rows) { return; }
  let blocks = (CHANNELS + 3) / 4;
  let block = id.z;
  let n = id.y / params.out_h;
  let oy = id.y % params.out_h;
  let corner = vec2u(block % params.in_columns * (params.in_w + 1) + 1,
    (n * ((blocks + params.in_columns - 1) / params.in_columns) + block / params.in_columns) * params.in_h);
  let out_corner = vec2u(block % params.out_columns * (params.out_w + 1) + 1,
    (n * ((blocks + params.out_columns - 1) / params.out_columns) + block / params.out_columns) * params.out_h);
  let rows = span(i32(oy * STRIDE_H) - i32(PAD_H), KERNEL_H, PAD_H, params.in_h);
  for (var ox = id.x; ox < params.out_w; ox += groups.x * 8) {
    let columns = span(i32(ox * STRIDE_W) - i32(PAD_W), KERNEL_W, PAD_W, params.in_w);
    var sum = vec4f();
    for (var iy = rows.first; iy < rows.end; iy++) {
      for (var ix = columns.first; ix < columns.end; ix++) { sum += textureLoad(x, corner + vec2u(ix, iy)); }
    }
    textureStore(y, out_corner + vec2u(ox, oy), sum / (f32(rows.counted) * f32(columns.counted)));
  }
}
