// max-pool2d, f16: naive.wgsl on activations stored as f16, without indices.
// Over naive: half the memory traffic. A maximum is one of its inputs, so halves are compared and kept as bits. What
// packing and unpacking make of infinities is left to the implementation (SwiftShader: NaN).
// Operands:
//   x, y     NHWC in blocks of four halves
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
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> indices: array<vec4u>; // not written
@group(0) @binding(3) var<uniform> params: Params;

// First and one-past-last tap inside the input. `origin` is the position of tap 0.
fn taps(origin: i32, kernel: u32, dilation: u32, size: u32) -> vec2u {
  // Unsigned, and rounded up without adding the dilation: so nothing overflows, however large the dilation is.
  let first = select((u32(-origin) - 1) / dilation + 1, 0, origin >= 0);
  let last = select((size - u32(origin) - 1) / dilation + 1, 0, origin >= i32(size));
  return vec2u(first, min(kernel, last));
}

fn is_nan_half(half: vec4u) -> vec4<bool> {
  return (half & vec4u(0x7fff)) > vec4u(0x7c00);
}

// An integer that is larger for a larger number. A positive half gets the sign bit, a negative one is inverted.
fn rank(half: vec4u) -> vec4u {
  return select(half | vec4u(0x8000), ~half & vec4u(0xffff), half >= vec4u(0x8000));
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

  var best = vec4u(0xfc00); // the padding counts as -Infinity
  for (var ky = rows.x; ky < rows.y; ky++) {
    let iy = u32(top + i32(ky * DILATION_H));
    for (var kx = columns.x; kx < columns.y; kx++) {
      let ix = u32(left + i32(kx * DILATION_W));
      let halves = x[((n * params.in_h + iy) * params.in_w + ix) * blocks + block];
      let v = vec4u(halves.x & 0xffff, halves.x >> 16, halves.y & 0xffff, halves.y >> 16);
      let better = is_nan_half(v) | ((rank(v) > rank(best)) & !is_nan_half(best));
      best = select(best, v, better);
    }
  }
  let filled = vec4u(0, 1, 2, 3) + vec4u(block * 4) < vec4u(CHANNELS); // the lanes past the last channel stay zero
  best = select(vec4u(), best, filled);
  y[i] = vec2u(best.x | (best.y << 16), best.z | (best.w << 16));
}
