// conv-transpose2d-input-gradient, strips: for software adapters, where a load costs tens of multiply-adds. One thread
// computes four channels of TP neighbouring pixels of a row, each channel from itself alone.
// Over naive: windows of 2 x stride columns overlap, so a value of dy that is loaded once serves two pixels of dx, and
// a weight serves all TP. Needs a kernel of at most twice the stride.
// Operands:
//   dy      NHWC in vec4 blocks
//   weight  [kh][kw][channel/4], each a vec4 over 4 channels
//   dx      NHWC in vec4 blocks

const TP: u32 = 4; // pixels of a thread: s0 to s3

struct Params {
  x_h: u32,
  x_w: u32,
  y_h: u32,
  y_w: u32,
  strips: u32, // batch * x_h * ceil(x_w / TP)
  blocks: u32, // channels / 4
  kernel_h: u32,
  kernel_w: u32,
  stride_h: u32,
  stride_w: u32,
  skip_h: u32, // padding plus crop: rows of the uncropped result above row 0 of dy
  skip_w: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// A value of dy in the row that begins at `row`, zero outside.
fn value(row: u32, x: u32, block: u32) -> vec4f {
  if (x >= params.y_w) { return vec4f(); }
  return dy[(row + x) * params.blocks + block];
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 8 + id.x;
  if (i >= params.strips * params.blocks) { return; }
  let block = i / params.strips;
  let strip = i % params.strips;
  let in_row = (params.x_w + TP - 1) / TP;
  let ix = strip % in_row * TP;
  let iy = strip / in_row % params.x_h;
  let n = strip / (in_row * params.x_h);

  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var ky = 0u; ky < params.kernel_h; ky++) {
    // Unsigned: a row above the crop wraps to a huge number, so one comparison tests both borders.
    let oy = iy * params.stride_h + ky - params.skip_h;
    if (oy >= params.y_h) { continue; }
    let row = (n * params.y_h + oy) * params.y_w;
    for (var kx = 0u; kx < min(params.stride_w, params.kernel_w); kx++) {
      // Tap kx of a pixel and tap kx + stride of the pixel before it fall on the same column.
      let w = (ky * params.kernel_w + kx) * params.blocks + block;
      let first = weight[w];
      var second = vec4f();
      if (kx + params.stride_w < params.kernel_w) { second = weight[w + params.stride_w * params.blocks]; }
      let ox = ix * params.stride_w + kx - params.skip_w;
      let v1 = value(row, ox + params.stride_w, block);
      let v2 = value(row, ox + 2 * params.stride_w, block);
      let v3 = value(row, ox + 3 * params.stride_w, block);
      s0 += value(row, ox, block) * first + v1 * second;
      s1 += v1 * first + v2 * second;
      s2 += v2 * first + v3 * second;
      s3 += v3 * first + value(row, ox + 4 * params.stride_w, block) * second;
    }
  }
  var sums = array<vec4f, TP>(s0, s1, s2, s3);
  for (var p = 0u; p < min(TP, params.x_w - ix); p++) {
    dx[((n * params.x_h + iy) * params.x_w + ix + p) * params.blocks + block] = sums[p];
  }
}
