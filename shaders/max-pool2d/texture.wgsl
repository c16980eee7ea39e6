// max-pool2d, texture: naive.wgsl between textures, without indices. For software adapters, whose convolutions read and
// write textures.
// Over naive: the lanes are neighbouring pixels of a plane, and each reads texels instead of a buffer.
// Operands:
//   x, y     planes of 4 channels, see layout tex4
//   indices  not written

override CHANNELS: u32 = 1;
override KERNEL_H: u32 = 2;
override KERNEL_W: u32 = 2;
override STRIDE_H: u32 = 2;
override STRIDE_W: u32 = 2;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1;

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
@group(0) @binding(2) var<storage, read_write> indices: array<vec4u>; // not written
@group(0) @binding(3) var<uniform> params: Params;

// First and one-past-last tap inside the input. `origin` is the position of tap 0.
fn taps(origin: i32, kernel: u32, dilation: u32, size: u32) -> vec2u {
  // Unsigned, and rounded up without adding the dilation: so nothing overflows, however large the dilation is.
  let first = select((u32(-origin) - 1) / dilation + 1, 0, origin >= 0);
  let last = select((size - u32(origin) - 1) / dilation + 1, 0, origin >= i32(size));
  return vec2u(first, min(kernel, last));
}

// Tests the bits: WGSL lets an implementation assume that no float is NaN.
fn is_nan(v: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(v) & vec4u(0x7fffffff)) > vec4u(0x7f800000);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.out_w || id.y >= params.rows) { return; }
  let blocks = (CHANNELS + 3) / 4;
  let block = id.z;
  let n = id.y / params.out_h;
  let oy = id.y % params.out_h;
  let corner = vec2u(block % params.in_columns * (params.in_w + 1) + 1,
    (n * ((blocks + params.in_columns - 1) / params.in_columns) + block / params.in_columns) * params.in_h);
  let out_corner = vec2u(block % params.out_columns * (params.out_w + 1) + 1,
    (n * ((blocks + params.out_columns - 1) / params.out_columns) + block / params.out_columns) * params.out_h);
  let top = i32(oy * STRIDE_H) - i32(PAD_H);
  let left = i32(id.x * STRIDE_W) - i32(PAD_W);
  let rows = taps(top, KERNEL_H, DILATION_H, params.in_h);
  let columns = taps(left, KERNEL_W, DILATION_W, params.in_w);

  // The padding counts as -Infinity. A `var`, because WGSL rejects a constant expression that is infinite.
  var lowest = vec4u(0xff800000);
  var best = bitcast<vec4f>(lowest);
  for (var ky = rows.x; ky < rows.y; ky++) {
    for (var kx = columns.x; kx < columns.y; kx++) {
      let v = textureLoad(x, corner + vec2u(u32(left + i32(kx * DILATION_W)), u32(top + i32(ky * DILATION_H))));
      best = select(best, v, is_nan(v) | ((v > best) & !is_nan(best)));
    }
  }
  let filled = vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(CHANNELS); // the lanes past the last channel stay zero
  textureStore(y, out_corner + vec2u(id.x, oy), select(vec4f(), best, filled));
}
