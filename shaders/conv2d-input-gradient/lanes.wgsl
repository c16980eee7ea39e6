// conv2d-input-gradient, lanes: for software Vulkan and other narrow SIMD. conv2d/lanes.wgsl gives the reasons for its
// form.
// Over naive: a kernel of stride s is s x s small convolutions of dy, one for each position of a pixel of x within the
// stride. With t = pixel + pad, the taps t mod s, + s, + 2s ... come from the outputs t / s, t / s - 1, t / s - 2 ... A
// workgroup works at one position (z), so its lanes take the same taps. Dilation needs stride 1.
// Operands:
//   dy                  planes of 4 channels, see layout tex4
//   weight              texels of 4 outputs of one input, [in/TC][kh][kw][out/4][TC]
//   mask, residual, dx  planes of 4 channels
enable subgroups;

const LANES: u32 = 8; // threads of a workgroup = lanes of a subgroup
const TP: u32 = 4; // windows of a thread, LANES apart: the columns of a mat4x4f
const TC: u32 = 16; // input channels of a thread: s0 to s15

const WEIGHT_WIDTH: u32 = 1024; // texels in a row of the weight texture

struct Params {
  y_w: u32,
  y_h: u32,
  y_blocks: u32, // channels of dy / 4
  y_columns: u32, // planes side by side in the texture
  x_w: u32,
  x_h: u32,
  x_blocks: u32,
  x_columns: u32,
  windows: u32, // batch * pixels of x at one position
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  has_mask: u32,
  has_residual: u32,
}

@group(0) @binding(0) var dy: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var mask: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var residual: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var dx: texture_storage_2d<rgba32float, write>;
@group(0) @binding(5) var<uniform> params: Params;

// Quotient and remainder, for quotients below 2^22. A CPU divides integers lane by lane, so this takes a float
// estimate, which is off by one at most, and corrects it.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

// Texel of a pixel of dy in plane 0. Pixels outside the picture are read from column 0, which is zero in every plane.
// Unsigned: positions above and left of the picture wrap to huge numbers.
fn dy_texel(xy: vec2u, image: u32) -> vec2u {
  return select(vec2u(0), xy + vec2u(1, image), xy.x < params.y_w && xy.y < params.y_h);
}

fn load_weight(i: u32) -> vec4f {
  return textureLoad(weight, vec2u(i % WEIGHT_WIDTH, i / WEIGHT_WIDTH));
}

// v * k, written out: SwiftShader is slower at the matrix product.
fn times(v: mat4x4f, k: vec4f) -> vec4f {
  return v[0] * k.x + v[1] * k.y + v[2] * k.z + v[3] * k.w;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let y_rows = (params.y_blocks + params.y_columns - 1) / params.y_columns * params.y_h;
  let x_rows = (params.x_blocks + params.x_columns - 1) / params.x_columns * params.x_h;
  let stride = vec2u(params.stride_w, params.stride_h);
  let pad = vec2u(params.pad_w, params.pad_h);
  let position = vec2u(group.z % stride.x, group.z / stride.x); // of t within the stride
  let first = (position + stride - pad % stride) % stride; // pixel of x of window 0
  let newest = (first + pad) / stride; // pixel of dy that tap `position` of window 0 comes from
  let size = (vec2u(params.x_w, params.x_h) + stride - 1) / stride; // windows of a batch item

  var image: array<u32, TP>; // texture row where the batch item begins
  var corner: array<vec2u, TP>; // pixel of dy of the first tap
  var texel: array<vec2u, TP>; // in plane 0 of dx
  var inside: array<bool, TP>;
  for (var p = 0u; p < TP; p++) {
    let window = (group.x * TP + p) * LANES + lane;
    let row = divide(min(window, params.windows - 1), size.x);
    let n = divide(row.x, size.y);
    let at = vec2u(row.y, n.y);
    let out = first + at * stride;
    image[p] = n.x * y_rows;
    corner[p] = newest + at;
    texel[p] = out + vec2u(1, n.x * x_rows);
    inside[p] = window < params.windows && out.x < params.x_w && out.y < params.x_h;
  }

  // Sums of one input channel each, for the thread's four windows. Separate variables: SwiftShader unrolls no loop and
  // keeps arrays in memory.
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  var s4 = vec4f();
  var s5 = vec4f();
  var s6 = vec4f();
  var s7 = vec4f();
  var s8 = vec4f();
  var s9 = vec4f();
  var s10 = vec4f();
  var s11 = vec4f();
  var s12 = vec4f();
  var s13 = vec4f();
  var s14 = vec4f();
  var s15 = vec4f();
  var step = vec2u();
  for (var ky = position.y; ky < params.kernel_h; ky += stride.y) {
    step.x = 0;
    for (var kx = position.x; kx < params.kernel_w; kx += stride.x) {
      let at0 = dy_texel(corner[0] - step, image[0]);
      let at1 = dy_texel(corner[1] - step, image[1]);
      let at2 = dy_texel(corner[2] - step, image[2]);
      let at3 = dy_texel(corner[3] - step, image[3]);
      var index = ((group.y * params.kernel_h + ky) * params.kernel_w + kx) * params.y_blocks * TC + lane;
      var plane = vec2u(0);
      for (var c4 = 0u; c4 < params.y_blocks; c4++) {
        // Input channels 4g..4g+3 of the tile lie on lanes (4g..4g+3) % LANES of w[g].
        let w0 = load_weight(index);
        var w1 = w0;
        let w2 = load_weight(index + 8);
        var w3 = w2;
        if (LANES == 4) {
          w1 = load_weight(index + 4);
          w3 = load_weight(index + 12);
        }
        index += TC;
        // Fetched, a column holds four channels of one pixel. Transposed, it holds one channel of four pixels.
        let v = transpose(mat4x4f(
          textureLoad(dy, at0 + plane), textureLoad(dy, at1 + plane),
          textureLoad(dy, at2 + plane), textureLoad(dy, at3 + plane)));
        plane.x += params.y_w + 1;
        if (plane.x >= params.y_columns * (params.y_w + 1)) { plane = vec2u(0, plane.y + params.y_h); }
        s0 += times(v, subgroupShuffle(w0, 0));
        s1 += times(v, subgroupShuffle(w0, 1));
        s2 += times(v, subgroupShuffle(w0, 2));
        s3 += times(v, subgroupShuffle(w0, 3));
        s4 += times(v, subgroupShuffle(w1, 4 % LANES));
        s5 += times(v, subgroupShuffle(w1, 5 % LANES));
        s6 += times(v, subgroupShuffle(w1, 6 % LANES));
        s7 += times(v, subgroupShuffle(w1, 7 % LANES));
        s8 += times(v, subgroupShuffle(w2, 8 % LANES));
        s9 += times(v, subgroupShuffle(w2, 9 % LANES));
        s10 += times(v, subgroupShuffle(w2, 10 % LANES));
        s11 += times(v, subgroupShuffle(w2, 11 % LANES));
        s12 += times(v, subgroupShuffle(w3, 12 % LANES));
        s13 += times(v, subgroupShuffle(w3, 13 % LANES));
        s14 += times(v, subgroupShuffle(w3, 14 % LANES));
        s15 += times(v, subgroupShuffle(w3, 15 % LANES));
      }
      step.x += params.dilation_w;
    }
    step.y += params.dilation_h;
  }

  // An array for the stores alone, so that they are a loop: unrolled, they would take longer to compile.
  var result = array<vec4f, TC>(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15);
  var block = group.y * (TC / 4);
  var to_plane = vec2u(block % params.x_columns * (params.x_w + 1), block / params.x_columns * params.x_h);
  for (var q = 0u; q < TC / 4; q++) {
    if (block >= params.x_blocks) { break; }
    // From one channel of four pixels to four channels of one pixel.
    var values = transpose(mat4x4f(result[q * 4], result[q * 4 + 1], result[q * 4 + 2], result[q * 4 + 3]));
    for (var p = 0u; p < TP; p++) {
      let to = texel[p] + to_plane;
      if (params.has_residual != 0) { values[p] += textureLoad(residual, to); }
      if (params.has_mask != 0) { values[p] = select(values[p], vec4f(), textureLoad(mask, to) <= vec4f()); }
      if (inside[p]) { textureStore(dx, to, values[p]); }
    }
    block++;
    to_plane.x += params.x_w + 1;
    if (to_plane.x >= params.x_columns * (params.x_w + 1)) { to_plane = vec2u(0, to_plane.y + params.x_h); }
  }
}
