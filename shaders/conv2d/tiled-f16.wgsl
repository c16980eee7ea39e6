// conv2d, tiled-f16: as tiled, with activations and weights stored as f16 and everything computed in f32. Halves are unpacked
// on the way into workgroup memory, which no feature is needed for; what f16 cannot hold is stored as its largest number.
// x, residual, y: NHWC in blocks of four halves.  weight: [kh][kw][in][out/4], each four halves of 4 outputs.  bias: f32.

const BM: u32 = 32; // pixels of a tile
const BN: u32 = 32; // output channels of a tile
const BK4: u32 = 4; // vec4 blocks of input channels in a step
const TM: u32 = 4; // pixels of a thread, ROWS apart
const TN: u32 = 4; // output channels of a thread, in vec4 blocks COLUMNS apart
const KG: u32 = 1; // groups that share the sum: a power of two
const THREADS: u32 = 64; // KG * (BM / TM) * (BN / TN)

const ROWS = BM / TM; // threads of a group along the pixels: a multiple of 8
const COLUMNS = BN / TN;
const GROUP = ROWS * COLUMNS;
const TN4 = TN / 4;
const A_LOADS = BK4 * BM / GROUP;
const B_LOADS = BK4 * BN / GROUP;
const SUMS = TM * TN4;
// A column of windows is stored with its rows exchanged by XOR, so that the threads that store one row's blocks hit other banks.
const SWIZZLE = 8 / BK4;

// 1x1, stride 1, no padding: pixel and input row are one, and no window has to be followed.
override POINTWISE: bool = false;

struct Params {
  in_h: u32,
  in_w: u32,
  in_blocks: u32, // in channels / 4
  out_h: u32,
  out_w: u32,
  out_blocks: u32,
  pixels: u32, // batch * out_h * out_w
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  pad_h: u32,
  pad_w: u32,
  dilation_h: u32,
  dilation_w: u32,
  has_bias: u32,
  has_residual: u32,
  relu: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read> weight: array<vec2u>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2u>;
@group(0) @binding(5) var<uniform> params: Params;

// Of every group BK4 x BM blocks of windows, then BK4 * 4 x BN / 4 blocks of weights; afterwards the sums of half the groups.
var<workgroup> tile: array<vec4f, max(KG * BK4 * (BM + BN), KG / 2 * BM * BN / 4)>;

fn unpacked(v: vec2u) -> vec4f {
  return vec4f(unpack2x16float(v.x), unpack2x16float(v.y));
}

fn packed(v: vec4f) -> vec2u {
  var held = select(v, vec4f(65504), v > vec4f(65504)); // select, not clamp: NaN must stay visible
  held = select(held, vec4f(-65504), held < vec4f(-65504));
  return vec2u(pack2x16float(held.xy), pack2x16float(held.zw));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32) {
  let tiles_n = (params.out_blocks * 4 + BN - 1) / BN;
  let index = id.y * groups.x + id.x;
  let pixel_0 = index / tiles_n * BM;
  let block_0 = index % tiles_n * (BN / 4);
  if (pixel_0 >= params.pixels) { return; } // a folded grid may be longer than the tiles

  let group = thread / GROUP;
  let t = thread % GROUP;

  // What this thread fetches of the windows: block `a_column` of the rows `a_row`, + GROUP / BK4 ...; `origin` is the corner
  // of a row's window in its picture, whose first block is `image`.
  let a_column = t % BK4;
  let a_row = t / BK4;
  var origin: array<vec2u, A_LOADS>;
  var image: array<u32, A_LOADS>;
  for (var i = 0u; i < A_LOADS; i++) {
    let pixel = pixel_0 + a_row + i * (GROUP / BK4);
    if (POINTWISE) {
      image[i] = pixel * params.in_blocks;
    } else {
      let xy = vec2u(pixel % params.out_w, pixel / params.out_w % params.out_h);
      image[i] = pixel / (params.out_w * params.out_h) * params.in_h * params.in_w * params.in_blocks;
      origin[i] = xy * vec2u(params.stride_w, params.stride_h) - vec2u(params.pad_w, params.pad_h);
      // Past the last pixel the window lies far outside, as it does above and left of the picture, where numbers wrap.
      if (pixel >= params.pixels) { origin[i] = vec2u(1u << 30); }
    }
  }
  // And of the weights: block `b_block` of the rows `b_row`, + GROUP / (BN / 4) ...
  let b_block = block_0 + t % (BN / 4);
  let b_row = t / (BN / 4);

  let k_blocks = params.kernel_h * params.kernel_w * params.in_blocks;
  let steps = (k_blocks + KG * BK4 - 1) / (KG * BK4);
  var k0 = group * BK4; // first block of the step along taps and channels
  // The same for this thread's column as tap and channel, moved on step by step, because divisions are dear.
  var c4 = (k0 + a_column) % params.in_blocks;
  var tap = vec2u((k0 + a_column) / params.in_blocks % params.kernel_w, (k0 + a_column) / params.in_blocks / params.kernel_w);

  let from_a = group * BK4 * (BM + BN);
  let from_b = from_a + BK4 * BM;
  let row = t / COLUMNS;
  let column = t % COLUMNS;
  var a: array<vec2u, A_LOADS>;
  var b: array<vec2u, B_LOADS>;
  var sum: array<vec4f, SUMS>;
  for (var step = 0u; step <= steps; step++) {
    if (step > 0) {
      for (var i = 0u; i < A_LOADS; i++) {
        tile[from_a + a_column * BM + ((a_row + i * (GROUP / BK4)) ^ (a_column * SWIZZLE))] = unpacked(a[i]);
      }
      for (var i = 0u; i < B_LOADS; i++) { tile[from_b + t + i * GROUP] = unpacked(b[i]); }
      workgroupBarrier();
    }
    if (step < steps) {
      for (var i = 0u; i < A_LOADS; i++) {
        a[i] = vec2u();
        if (POINTWISE) {
          let pixel = pixel_0 + a_row + i * (GROUP / BK4);
          if (pixel < params.pixels && k0 + a_column < k_blocks) { a[i] = x[image[i] + k0 + a_column]; }
        } else {
          let at = origin[i] + tap * vec2u(params.dilation_w, params.dilation_h);
          if (at.x < params.in_w && at.y < params.in_h && tap.y < params.kernel_h) {
            a[i] = x[image[i] + (at.y * params.in_w + at.x) * params.in_blocks + c4];
          }
        }
      }
      for (var i = 0u; i < B_LOADS; i++) {
        let k = k0 * 4 + b_row + i * (GROUP / (BN / 4));
        b[i] = vec2u();
        if (k < k_blocks * 4 && b_block < params.out_blocks) { b[i] = weight[k * params.out_blocks + b_block]; }
      }
      k0 += KG * BK4;
      if (!POINTWISE) {
        c4 += KG * BK4;
        while (c4 >= params.in_blocks) {
          c4 -= params.in_blocks;
          tap.x += 1;
          if (tap.x == params.kernel_w) { tap = vec2u(0, tap.y + 1); }
        }
      }
    }
    if (step > 0) {
      for (var k = 0u; k < BK4; k++) {
        var w: array<vec4f, 4 * TN4>;
        for (var q = 0u; q < 4 * TN4; q++) { w[q] = tile[from_b + (k * 4 + q / TN4) * (BN / 4) + column + q % TN4 * COLUMNS]; }
        for (var i = 0u; i < TM; i++) {
          let v = tile[from_a + k * BM + (row ^ (k * SWIZZLE)) + i * ROWS];
          for (var j = 0u; j < TN4; j++) {
            let s = i * TN4 + j; // one product a statement: each becomes a fused multiply-add
            sum[s] += v.x * w[j];
            sum[s] += v.y * w[TN4 + j];
            sum[s] += v.z * w[2 * TN4 + j];
            sum[s] += v.w * w[3 * TN4 + j];
          }
        }
      }
      workgroupBarrier();
    }
  }

  for (var half = KG / 2; half > 0; half /= 2) {
    if (group >= half && group < 2 * half) {
      for (var s = 0u; s < SUMS; s++) { tile[((group - half) * SUMS + s) * GROUP + t] = sum[s]; }
    }
    workgroupBarrier();
    if (group < half) {
      for (var s = 0u; s < SUMS; s++) { sum[s] += tile[(group * SUMS + s) * GROUP + t]; }
    }
    workgroupBarrier();
  }
  if (group > 0) { return; }

  for (var s = 0u; s < SUMS; s++) {
    let pixel = pixel_0 + row + s / TN4 * ROWS;
    let block = block_0 + column + s % TN4 * COLUMNS;
    if (pixel >= params.pixels || block >= params.out_blocks) { continue; }
    let to = pixel * params.out_blocks + block;
    var value = sum[s];
    if (params.has_bias != 0) { value += bias[block]; }
    if (params.has_residual != 0) { value += unpacked(residual[to]); }
    if (params.relu != 0) { value = select(value, vec4f(), value < vec4f()); } // select, not max: NaN must stay visible
    y[to] = packed(value);
  }
}
