// average-pool2d, f16: naive.wgsl on activations stored as f16.
// Over naive: half the memory traffic. The sum is f32.
// Operands:
//   x, y  NHWC in blocks of four halves

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
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
}

// Four halves as they are stored.
alias Stored = vec2u;

fn load(v: Stored) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

// What f16 cannot hold becomes its largest number with the sign. WGSL leaves open what packing such a value gives.
fn store(v: vec4f) -> Stored {
  let largest = vec4f(65504);
  var held = select(v, largest, v > largest); // select, not clamp: NaN must stay visible
  held = select(held, -largest, held < -largest);
  return vec2u(pack2x16float(held.xy), pack2x16float(held.zw));
}

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;
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
  let rows = span(i32(oy * STRIDE_H) - i32(PAD_H), KERNEL_H, PAD_H, params.in_h);
  let columns = span(i32(ox * STRIDE_W) - i32(PAD_W), KERNEL_W, PAD_W, params.in_w);

  var sum = vec4f();
  for (var iy = rows.first; iy < rows.end; iy++) {
    for (var ix = columns.first; ix < columns.end; ix++) {
      sum += load(x[((n * params.in_h + iy) * params.in_w + ix) * blocks + block]);
    }
  }
  y[i] = store(sum / (f32(rows.counted) * f32(columns.counted)));
}
