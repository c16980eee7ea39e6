// conv-transpose2d-input-gradient, per-channel: a workgroup computes four channels of one pixel, each channel from
// itself alone. This is the gradient of the fixed bilinear upscore of the FCN paper, whose windows are large: 64 x 64.
// Over naive: the threads share the taps of the window, and add up their sums in a fixed order.
// Operands:
//   dy      NHWC in vec4 blocks
//   weight  [channel][kh][kw]
//   dx      NHWC in vec4 blocks

const THREADS: u32 = 64;

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  pixels: u32, // batch * x_h * x_w
  crop_top: u32,
  crop_left: u32,
  in_c: u32,
  out_c: u32, // equals in_c here
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  groups: u32, // equals in_c here
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> sums: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let blocks = (params.in_c + 3) / 4;
  let i = id.y * groups.x + id.x;
  if (i >= params.pixels * blocks) { return; } // whole workgroups, where the grid was folded

  let block = i % blocks;
  let pixel = i / blocks;
  let ix = pixel % params.x_w;
  let iy = pixel / params.x_w % params.x_h;
  let n = pixel / (params.x_w * params.x_h);
  let taps = params.kernel_h * params.kernel_w;
  // Where the four channels' weights begin. Past the last channel dy is zero, and any weight will do.
  let channel = min(block * 4 + vec4u(0, 1, 2, 3), vec4u(params.in_c - 1)) * taps;

  var sum = vec4f();
  for (var tap = t; tap < taps; tap += THREADS) {
    // Unsigned: a row above the crop wraps to a huge number, so one comparison tests both borders.
    let oy = iy * params.stride_h + tap / params.kernel_w - params.pad_h - params.crop_top;
    let ox = ix * params.stride_w + tap % params.kernel_w - params.pad_w - params.crop_left;
    if (oy >= params.y_h || ox >= params.y_w) { continue; }
    let w = channel + tap;
    let v = dy[((n * params.y_h + oy) * params.y_w + ox) * blocks + block];
    sum += v * vec4f(weight[w.x], weight[w.y], weight[w.z], weight[w.w]);
  }
  sums[t] = sum;
  for (var half = THREADS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (t < half) { sums[t] += sums[t + half]; }
  }
  if (t == 0) { dx[i] = sums[0]; }
}
