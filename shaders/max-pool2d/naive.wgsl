// max-pool2d, naive: one thread finds the maxima of four channels in one window. The window is clipped once, outside
// the loops.
// The version to read first, and the only one that writes indices.
// Operands:
//   x, y     NHWC in vec4 blocks
//   indices  as y, in u32: row * in_w + column of the maximum

override CHANNELS: u32 = 1;
override KERNEL_H: u32 = 2;
override KERNEL_W: u32 = 2;
override STRIDE_H: u32 = 2;
override STRIDE_W: u32 = 2;
override PAD_H: u32 = 0;
override PAD_W: u32 = 0;
override DILATION_H: u32 = 1;
override DILATION_W: u32 = 1;
override WITH_INDICES: bool = false;

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> indices: array<vec4u>;
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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let blocks = (CHANNELS + 3) / 4;
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.pixels * blocks) { return; }

  let block = i % blocks;
  let pixel = i / blocks;
  let ox = pixel % params.out_w;
  let oy = pixel / params.out_w % params.out_h;
  let n = pixel / (params.out_w * params.out_h);
  let top = i32(oy * STRIDE_H) - i32(PAD_H);
  let left = i32(ox * STRIDE_W) - i32(PAD_W);
  let rows = taps(top, KERNEL_H, DILATION_H, params.in_h);
  let columns = taps(left, KERNEL_W, DILATION_W, params.in_w);

  // The padding counts as -Infinity. A `var`, because WGSL rejects a constant expression that is infinite.
  var lowest = vec4u(0xff800000);
  var best = bitcast<vec4f>(lowest);
  var found = vec4u(u32(top + i32(rows.x * DILATION_H)) * params.in_w + u32(left + i32(columns.x * DILATION_W)));
  for (var ky = rows.x; ky < rows.y; ky++) {
    let iy = u32(top + i32(ky * DILATION_H));
    for (var kx = columns.x; kx < columns.y; kx++) {
      let ix = u32(left + i32(kx * DILATION_W));
      let v = x[((n * params.in_h + iy) * params.in_w + ix) * blocks + block];
      let better = is_nan(v) | ((v > best) & !is_nan(best));
      best = select(best, v, better);
      found = select(found, vec4u(iy * params.in_w + ix), better);
    }
  }
  let filled = vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(CHANNELS); // the lanes past the last channel stay zero
  y[i] = select(vec4f(), best, filled);
  if (WITH_INDICES) { indices[i] = select(vec4u(), found, filled); }
}
