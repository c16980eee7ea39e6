// depthwise-conv2d, lanes: for software Vulkan and other narrow SIMD, where a load costs tens of multiply-adds. For
// kernels of 3x3 and 5x5.
// Over naive:
// - A thread computes four channels of four columns and goes down their rows. It loads each row of x once, and adds it
//   to the sums of all the output rows whose windows may hold it.
// - Operands come from read-only storage textures: four channels a fetch, half the price of a load from a buffer.
// - A thread's pixels lie as far apart as the dilation asks for: windows overlap with any dilation.
// - Strides are uniforms, because compiling costs more than the work: one pipeline serves strides 1 and 2. At stride 2
//   neighbouring windows share every second column only. So a thread loads the even columns first: among them windows
//   lie as at stride 1. The odd columns follow, and the weights are sorted alike. Rows keep their order. The thread
//   computes a row of outputs for every row of x, and stores every second one.
// Operands:
//   x, y    planes of 4 channels, see layout tex4
//   weight  texels of 4 channels, [kh][kw][channel/4]
//   bias    one f32 per channel

const MOST_TAPS: u32 = 25; // 5x5
const MOST_COLUMNS: u32 = 11; // of x for four windows: 5 wide, 2 apart
const BETWEEN: u32 = 3; // columns that only stride 2 loads

const WEIGHT_WIDTH: u32 = 1024; // texels in a row of the weight texture

override KERNEL: u32 = 3; // rows and columns of the window
override HAS_BIAS: bool = false;
override RELU: bool = false; // set for ReLU6 too
override RELU6: bool = false; // the upper bound of ReLU6

struct Params {
  in_h: u32,
  in_w: u32,
  in_columns: u32, // planes side by side in the texture
  out_h: u32,
  out_w: u32,
  out_columns: u32,
  blocks: u32, // channels / 4
  planes: u32, // batch * blocks
  rows: u32, // of a thread
  tiles_h: u32, // threads along the rows
  tiles_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  step_h: u32, // from one output row of a thread to its next, in rows of y
  step_w: u32,
  advance_h: u32, // the same step in rows of x, as a multiple of the dilation: 1 or 2
  advance_w: u32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(4) var<uniform> params: Params;

// Quotient and remainder, for quotients below 2^22. A CPU divides integers lane by lane, so this takes a float
// estimate, which is off by one at most, and corrects it.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

fn load_weight(i: u32) -> vec4f {
  return textureLoad(weight, vec2u(i % WEIGHT_WIDTH, i / WEIGHT_WIDTH));
}

// Texel of the first column and row of a plane, in a texture of `columns` planes of height x width side by side.
fn plane_corner(n: u32, block: u32, columns: u32, height: u32, width: u32) -> vec2u {
  let place = divide(block, columns);
  return vec2u(place.y * (width + 1) + 1, (n * ((params.blocks + columns - 1) / columns) + place.x) * height);
}

// For each column of the window, what four pixels beside each other have there.
struct Windows {
  t0: mat4x4f,
  t1: mat4x4f,
  t2: mat4x4f,
  t3: mat4x4f,
  t4: mat4x4f,
}

// The texture's columns that hold the windows' columns, and the weights, both in the order of loading.
var<private> from_x: array<u32, MOST_COLUMNS>;
var<private> w: array<vec4f, MOST_TAPS>;

// Written out: SwiftShader unrolls no loop and keeps arrays in memory. A loop of no turns is skipped, where software
// adapters would go through an `if` with all lanes off.
fn load_windows(from_y: u32, is_inside: bool) -> Windows {
  let v0 = load_texel(0, from_y, is_inside);
  let v1 = load_texel(1, from_y, is_inside);
  let v2 = load_texel(2, from_y, is_inside);
  let v3 = load_texel(3, from_y, is_inside);
  let v4 = load_texel(4, from_y, is_inside);
  let v5 = load_texel(5, from_y, is_inside);
  if (KERNEL == 3) {
    var u0 = v2;
    var u1 = v3;
    var u2 = v4;
    for (var i = 1u; i < params.advance_w; i++) {
      u0 = load_texel(6, from_y, is_inside);
      u1 = load_texel(7, from_y, is_inside);
      u2 = load_texel(8, from_y, is_inside);
    }
    let last = mat4x4f(u0, u1, u2, v5);
    return Windows(mat4x4f(v0, v1, v2, v3), mat4x4f(v1, v2, v3, v4), last, mat4x4f(), mat4x4f());
  }
  let v6 = load_texel(6, from_y, is_inside);
  let v7 = load_texel(7, from_y, is_inside);
  var u0 = v3;
  var u1 = v4;
  var u2 = v5;
  for (var i = 1u; i < params.advance_w; i++) {
    u0 = load_texel(8, from_y, is_inside);
    u1 = load_texel(9, from_y, is_inside);
    u2 = load_texel(10, from_y, is_inside);
  }
  return Windows(mat4x4f(v0, v1, v2, v3), mat4x4f(v1, v2, v3, v4), mat4x4f(v2, v3, v4, v5),
    mat4x4f(u0, u1, u2, v6), mat4x4f(u1, u2, v6, v7));
}

fn load_texel(column: u32, from_y: u32, is_inside: bool) -> vec4f {
  return textureLoad(x, vec2u(select(0, from_x[column], is_inside), from_y));
}

// The four pixels times the weights of their channels.
fn weighted(pixels: mat4x4f, k: vec4f) -> mat4x4f {
  return mat4x4f(pixels[0] * k, pixels[1] * k, pixels[2] * k, pixels[3] * k);
}

// What a row of x adds to the windows, of whose rows it is row `ky`.
fn row_products(v: Windows, ky: u32) -> mat4x4f {
  let k = ky * KERNEL;
  var sums = weighted(v.t0, w[k]) + weighted(v.t1, w[k + 1]) + weighted(v.t2, w[k + 2]);
  if (KERNEL == 5) { sums += weighted(v.t3, w[k + 3]) + weighted(v.t4, w[k + 4]); }
  return sums;
}

// Fills `from_x` and `w`. `left` is the first window's first column: unsigned, left of the picture is a huge number.
fn load_order(block: u32, corner: u32, left: u32) {
  // In steps of two, the even columns come first. Taking off `passed` leads back to the odd ones.
  let passed = KERNEL * (params.advance_w - 1);
  for (var place = 0u; place < KERNEL + 3 + BETWEEN; place++) {
    var column = place * params.advance_w;
    if (place >= KERNEL / 2 + 4) { column -= passed; }
    if (place >= KERNEL + 3) { column = 2 * (place - KERNEL - 3) + 1; }
    let ix = left + column * params.dilation_w;
    // Pixels outside the picture are read from column 0, which is zero in every plane.
    from_x[place] = select(0, corner + ix, ix < params.in_w);
  }
  for (var ky = 0u; ky < KERNEL; ky++) {
    for (var kx = 0u; kx < KERNEL; kx++) {
      var tap = ky * KERNEL + kx * params.advance_w;
      if (kx > KERNEL / 2) { tap -= passed; }
      w[ky * KERNEL + kx] = load_weight(tap * params.blocks + block);
    }
  }
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let across = divide(id.y * groups.x * 8 + id.x, params.tiles_w);
  let down = divide(across.x, params.tiles_h);
  if (down.x >= params.planes) { return; }
  let place = divide(down.x, params.blocks);
  let n = place.x;
  let block = place.y;
  // The thread's first pixel.
  let group_w = divide(across.y, params.step_w);
  let group_h = divide(down.y, params.step_h);
  let ox = group_w.x * 4 * params.step_w + group_w.y;
  let oy = group_h.x * params.rows * params.step_h + group_h.y;

  let from_corner = plane_corner(n, block, params.in_columns, params.in_h, params.in_w);
  let to_corner = plane_corner(n, block, params.out_columns, params.out_h, params.out_w) + vec2u(ox, oy);
  load_order(block, from_corner.x, ox * params.stride_w - params.pad_w);
  var b = vec4f();
  if (HAS_BIAS) { b = bias[block]; }

  // Sums of the windows that hold the row of a turn, the one that ends there first. The first turns end no window of
  // this thread. Separate variables: in an array, the sums of 5x5 windows leave the registers.
  var s0 = mat4x4f(b, b, b, b);
  var s1 = s0;
  var s2 = s0;
  var s3 = s0;
  var s4 = s0;
  var iy = oy * params.stride_h - params.pad_h;
  for (var turn = 0u; turn < (params.rows - 1) * params.advance_h + KERNEL; turn++) {
    let is_inside = iy < params.in_h;
    let from_y = select(0, from_corner.y + iy, is_inside);
    iy += params.dilation_h;
    let v = load_windows(from_y, is_inside);
    s0 += row_products(v, KERNEL - 1);
    s1 += row_products(v, KERNEL - 2);
    s2 += row_products(v, KERNEL - 3);
    if (KERNEL == 5) {
      s3 += row_products(v, 1);
      s4 += row_products(v, 0);
    }
    // Output rows lie `advance_h` turns apart.
    let past = turn - (KERNEL - 1);
    let is_output = turn >= KERNEL - 1 && (past & (params.advance_h - 1)) == 0;
    let down_rows = (past >> (params.advance_h - 1)) * params.step_h;
    if (is_output && oy + down_rows < params.out_h) {
      for (var p = 0u; p < 4; p++) {
        var value = s0[p];
        if (RELU) { value = select(value, vec4f(), value < vec4f()); } // select, not max: NaN must stay visible
        if (RELU6) { value = select(value, vec4f(6), value > vec4f(6)); }
        if (ox + p * params.step_w < params.out_w) {
          textureStore(y, to_corner + vec2u(p * params.step_w, down_rows), value);
        }
      }
    }
    s0 = s1;
    s1 = s2;
    if (KERNEL == 3) { s2 = mat4x4f(b, b, b, b); }
    if (KERNEL == 5) {
      s2 = s3;
      s3 = s4;
      s4 = mat4x4f(b, b, b, b);
    }
  }
}
