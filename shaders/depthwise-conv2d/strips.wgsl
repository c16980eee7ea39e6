// depthwise-conv2d, strips: one thread computes four channels of 2 x 4 pixels. For kernels of 3x3 and 5x5.
// Over naive:
// - A value of x is loaded once for all the windows of the thread that hold it, and weights once for all its pixels.
// - Neighbouring threads take neighbouring blocks of channels, so that they read neighbouring addresses.
// - A thread's pixels lie as far apart as the dilation asks for: windows overlap with any dilation.
// Operands:
//   x, y    NHWC in vec4 blocks
//   weight  [kh][kw][channel/4], each a vec4 over 4 channels
//   bias    one f32 per channel

const MOST_WIDE: u32 = 5; // columns of a window
const MOST_COLUMNS: u32 = 11; // of x for four windows: 5 wide, 2 apart

override KERNEL: u32 = 3; // rows and columns of the window
override ADVANCE_H: u32 = 1; // from one output row of a thread to its next, in rows of x that the dilation keeps
override ADVANCE_W: u32 = 1;
override HAS_BIAS: bool = false;
override RELU: bool = false; // set for ReLU6 too
override RELU6: bool = false; // the upper bound of ReLU6

struct Params {
  in_h: u32,
  in_w: u32,
  out_h: u32,
  out_w: u32,
  blocks: u32, // channels / 4
  tiles_h: u32, // threads along the rows
  tiles_w: u32,
  tiles: u32, // batch * tiles_h * tiles_w
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  step_h: u32, // from one output row of a thread to its next, in rows of y
  step_w: u32,
}

// Four values as they are stored.
alias Stored = vec4f;

fn load(v: Stored) -> vec4f {
  return v;
}

fn store(v: vec4f) -> Stored {
  return v;
}

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
@group(0) @binding(4) var<uniform> params: Params;

// What a row of x adds to four windows beside each other. w: the row of their weights that meets it.
fn products(v: array<vec4f, MOST_COLUMNS>, w: array<vec4f, MOST_WIDE>) -> mat4x4f {
  var sums = mat4x4f();
  for (var kx = 0u; kx < KERNEL; kx++) {
    sums[0] += v[kx] * w[kx];
    sums[1] += v[ADVANCE_W + kx] * w[kx];
    sums[2] += v[2 * ADVANCE_W + kx] * w[kx];
    sums[3] += v[3 * ADVANCE_W + kx] * w[kx];
  }
  return sums;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.tiles * params.blocks) { return; }

  let block = i % params.blocks;
  let tile = i / params.blocks;
  let across = tile % params.tiles_w;
  let down = tile / params.tiles_w % params.tiles_h;
  let n = tile / (params.tiles_w * params.tiles_h);
  // The thread's first pixel, and the corner of its window. Unsigned: left of the picture is a huge number.
  let step = vec2u(params.step_w, params.step_h);
  let first = vec2u(across, down) / step * step * vec2u(4, 2) + vec2u(across, down) % step;
  let corner = first * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);

  var b = vec4f();
  if (HAS_BIAS) { b = bias[block]; }
  var sums = array<mat4x4f, 2>(mat4x4f(b, b, b, b), mat4x4f(b, b, b, b)); // a column for each pixel
  // Weights of the row of the window that meets this row of x, the row before and the one before that. The second row
  // of pixels meets them later. No array of them all: where loops are not unrolled, it would not be in registers.
  var w: array<vec4f, MOST_WIDE>;
  var w1: array<vec4f, MOST_WIDE>;
  var w2: array<vec4f, MOST_WIDE>;
  for (var row = 0u; row < KERNEL + ADVANCE_H; row++) {
    w2 = w1;
    w1 = w;
    if (row < KERNEL) {
      for (var kx = 0u; kx < KERNEL; kx++) { w[kx] = weight[(row * KERNEL + kx) * params.blocks + block]; }
    }
    let iy = corner.y + row * params.dilation_h;
    var v: array<vec4f, MOST_COLUMNS>;
    for (var column = 0u; column < 3 * ADVANCE_W + KERNEL; column++) {
      let ix = corner.x + column * params.dilation_w;
      v[column] = vec4f();
      if (iy < params.in_h && ix < params.in_w) {
        v[column] = load(x[((n * params.in_h + iy) * params.in_w + ix) * params.blocks + block]);
      }
    }
    if (row < KERNEL) { sums[0] += products(v, w); }
    if (row >= ADVANCE_H) {
      if (ADVANCE_H == 1) { sums[1] += products(v, w1); } else { sums[1] += products(v, w2); }
    }
  }

  for (var r = 0u; r < 2; r++) {
    for (var p = 0u; p < 4; p++) {
      let at = first + step * vec2u(p, r);
      if (at.x >= params.out_w || at.y >= params.out_h) { continue; }
      var value = sums[r][p];
      if (RELU) { value = select(value, vec4f(), value < vec4f()); } // select, not max: NaN must stay visible
      if (RELU6) { value = select(value, vec4f(6), value > vec4f(6)); }
      y[((n * params.out_h + at.y) * params.out_w + at.x) * params.blocks + block] = store(value);
    }
  }
}
