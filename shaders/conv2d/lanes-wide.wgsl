// conv2d, lanes-wide: lanes.wgsl for SwiftShader, where a fetch costs some 40 multiply-adds, and sums live in memory
// however few they are.
// Over lanes: 7 pixels x 32 output channels per thread, so that 15 fetches serve 896 multiply-adds. Seven pixels on
// four lanes divide 14 x 14 evenly.
// Operands:
//   x, residual, y  planes of 4 channels, see layout tex4
//   weight          texels of 4 inputs of one output, [out/TC][kh][kw][in/4][TC]
//   bias            one f32 per output channel
enable subgroups;

const LANES: u32 = 4; // threads of a workgroup = lanes of a subgroup
const TP: u32 = 7; // pixels of a thread, LANES apart
const TC: u32 = 32; // output channels of a thread, four in each of s0 to s7

const WEIGHT_WIDTH: u32 = 1024; // texels in a row of the weight texture

// As in lanes.wgsl. Here all convolutions have one phase.
struct Params {
  in_h: u32,
  in_w: u32,
  in_blocks: u32, // in channels / 4
  in_columns: u32, // planes side by side in the texture
  in_rows: u32, // rows of the texture that a batch item takes
  out_h: u32,
  out_w: u32,
  out_blocks: u32,
  out_columns: u32,
  out_rows: u32,
  windows: u32, // of a phase: batch * windows_h * windows_w
  windows_h: u32,
  windows_w: u32,
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32, // from a window to the next
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32, // from a tap to the next: -1 in a transposed convolution
  dilation_w: u32,
  phases_h: u32, // the stride of a transposed convolution; 1 in others
  phases_w: u32,
  skip_h: u32, // full strides of the uncropped result above row 0, and the rest of them
  skip_w: u32,
  skip_rest_h: u32,
  skip_rest_w: u32,
  taps_h: u32, // kernel_h / phases_h, and the rest: phases below it have one tap more
  taps_w: u32,
  taps_rest_h: u32,
  taps_rest_w: u32,
  has_bias: u32,
  has_residual: u32,
  relu: u32, // 0: none, 1: ReLU, 2: ReLU6
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var residual: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var y: texture_storage_2d<rgba32float, write>;
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

// Texel of an input pixel in plane 0. Pixels outside the picture are read from column 0, which is zero in every plane.
// Unsigned: positions above and left of the picture wrap to huge numbers.
fn source(xy: vec2u, image: u32) -> vec2u {
  return select(vec2u(0), xy + vec2u(1, image), xy.x < params.in_w && xy.y < params.in_h);
}

fn load_weight(i: u32) -> vec4f {
  return textureLoad(weight, vec2u(i % WEIGHT_WIDTH, i / WEIGHT_WIDTH));
}

// Sums of four output channels, of seven pixels. A column for each channel.
struct Sums7 {
  p: mat4x4f, // pixels 0 to 3
  q: mat4x3f, // pixels 4 to 6
}

// The biases of four channels, for every pixel.
fn splat7(b: vec4f) -> Sums7 {
  return Sums7(
    mat4x4f(vec4f(b.x), vec4f(b.y), vec4f(b.z), vec4f(b.w)),
    mat4x3f(vec3f(b.x), vec3f(b.y), vec3f(b.z), vec3f(b.w)));
}

// s plus the products of four input channels (the columns of v and u) with their weights k, for four and for three
// pixels. Written as fma, because SwiftShader fuses nothing by itself.
fn madd4(s: vec4f, v: mat4x4f, k: vec4f) -> vec4f {
  return fma(v[3], vec4f(k.w), fma(v[2], vec4f(k.z), fma(v[1], vec4f(k.y), fma(v[0], vec4f(k.x), s))));
}

fn madd3(s: vec3f, u: mat4x3f, k: vec4f) -> vec3f {
  return fma(u[3], vec3f(k.w), fma(u[2], vec3f(k.z), fma(u[1], vec3f(k.y), fma(u[0], vec3f(k.x), s))));
}

// v[c], u[c]: input channel c of pixels 0 to 3 and 4 to 6. w of lane o: the weights of output channel o.
fn accumulate7(s: Sums7, v: mat4x4f, u: mat4x3f, w: vec4f) -> Sums7 {
  let k0 = subgroupShuffle(w, 0);
  let k1 = subgroupShuffle(w, 1);
  let k2 = subgroupShuffle(w, 2);
  let k3 = subgroupShuffle(w, 3);
  let p = mat4x4f(madd4(s.p[0], v, k0), madd4(s.p[1], v, k1), madd4(s.p[2], v, k2), madd4(s.p[3], v, k3));
  let q = mat4x3f(madd3(s.q[0], u, k0), madd3(s.q[1], u, k1), madd3(s.q[2], u, k2), madd3(s.q[3], u, k3));
  return Sums7(p, q);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  // For each pixel of this thread: the texture row where its batch item begins, the corner of its window in the input
  // (which may lie outside), and its texel in plane 0 of the output.
  var image: array<u32, TP>;
  var corner: array<vec2u, TP>;
  var texel: array<vec2u, TP>;
  for (var p = 0u; p < TP; p++) {
    let row = divide(min((group.x * TP + p) * LANES + lane, params.windows - 1), params.out_w);
    let n = divide(row.x, params.out_h);
    image[p] = n.x * params.in_rows;
    corner[p] = vec2u(row.y, n.y) * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
    texel[p] = vec2u(row.y + 1, n.x * params.out_rows + n.y);
  }

  // Separate variables: SwiftShader unrolls no loop and keeps arrays in memory.
  var s0 = Sums7();
  var s1 = Sums7();
  var s2 = Sums7();
  var s3 = Sums7();
  var s4 = Sums7();
  var s5 = Sums7();
  var s6 = Sums7();
  var s7 = Sums7();
  if (params.has_bias != 0) {
    let own = bias[min(group.y * (TC / 4) + lane, params.out_blocks - 1)];
    let own4 = bias[min(group.y * (TC / 4) + LANES + lane, params.out_blocks - 1)];
    s0 = splat7(subgroupShuffle(own, 0));
    s1 = splat7(subgroupShuffle(own, 1));
    s2 = splat7(subgroupShuffle(own, 2));
    s3 = splat7(subgroupShuffle(own, 3));
    s4 = splat7(subgroupShuffle(own4, 0));
    s5 = splat7(subgroupShuffle(own4, 1));
    s6 = splat7(subgroupShuffle(own4, 2));
    s7 = splat7(subgroupShuffle(own4, 3));
  }
  var index = group.y * params.kernel_h * params.kernel_w * params.in_blocks * TC + lane;
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    for (var kx = 0u; kx < params.kernel_w; kx++) {
      let tap = vec2u(kx * params.dilation_w, ky * params.dilation_h);
      let at0 = source(corner[0] + tap, image[0]);
      let at1 = source(corner[1] + tap, image[1]);
      let at2 = source(corner[2] + tap, image[2]);
      let at3 = source(corner[3] + tap, image[3]);
      let at4 = source(corner[4] + tap, image[4]);
      let at5 = source(corner[5] + tap, image[5]);
      let at6 = source(corner[6] + tap, image[6]);
      var plane = vec2u(0); // corner of the plane of c4; counted, because a division costs more than a fetch
      for (var c4 = 0u; c4 < params.in_blocks; c4++) {
        // Fetched, a column holds four channels of one pixel. Transposed, it holds one channel of the pixels.
        let v = transpose(mat4x4f(
          textureLoad(x, at0 + plane), textureLoad(x, at1 + plane),
          textureLoad(x, at2 + plane), textureLoad(x, at3 + plane)));
        let u = transpose(mat3x4f(
          textureLoad(x, at4 + plane), textureLoad(x, at5 + plane), textureLoad(x, at6 + plane)));
        plane.x += params.in_w + 1;
        if (plane.x >= params.in_columns * (params.in_w + 1)) { plane = vec2u(0, plane.y + params.in_h); }
        let w0 = load_weight(index);
        let w1 = load_weight(index + 4);
        let w2 = load_weight(index + 8);
        let w3 = load_weight(index + 12);
        let w4 = load_weight(index + 16);
        let w5 = load_weight(index + 20);
        let w6 = load_weight(index + 24);
        let w7 = load_weight(index + 28);
        s0 = accumulate7(s0, v, u, w0);
        s1 = accumulate7(s1, v, u, w1);
        s2 = accumulate7(s2, v, u, w2);
        s3 = accumulate7(s3, v, u, w3);
        s4 = accumulate7(s4, v, u, w4);
        s5 = accumulate7(s5, v, u, w5);
        s6 = accumulate7(s6, v, u, w6);
        s7 = accumulate7(s7, v, u, w7);
        index += TC;
      }
    }
  }

  // An array for the stores alone, so that they are a loop: unrolled, they would take longer to compile.
  var sums = array<Sums7, TC / 4>(s0, s1, s2, s3, s4, s5, s6, s7);
  var block = group.y * (TC / 4);
  var to_plane = vec2u(block % params.out_columns * (params.out_w + 1), block / params.out_columns * params.out_h);
  for (var q = 0u; q < TC / 4; q++) {
    if (block >= params.out_blocks) { break; }
    // From one channel of the pixels to four channels of one pixel.
    let values = transpose(sums[q].p);
    let last = transpose(sums[q].q);
    for (var p = 0u; p < TP; p++) {
      let to = texel[p] + to_plane;
      var value = last[max(p, 4) - 4];
      if (p < 4) { value = values[p]; }
      if (params.has_residual != 0) { value += textureLoad(residual, to); }
      if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); }
      if (params.relu == 2) { value = select(value, vec4f(6), value > vec4f(6)); }
      if ((group.x * TP + p) * LANES + lane < params.windows) { textureStore(y, to, value); }
    }
    block++;
    to_plane.x += params.out_w + 1;
    if (to_plane.x >= params.out_columns * (params.out_w + 1)) { to_plane = vec2u(0, to_plane.y + params.out_h); }
  }
}
