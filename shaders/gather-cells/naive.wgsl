// gather-cells, naive: one thread adds up four channels of a node.
// Operands:
//   sums      NHWC in vec4 blocks: for each row of a cell, the sum for the node on its left and on its right
//   gradient  NHWC in vec4 blocks

struct Params {
  vec4s: u32, // of the gradient
  blocks: u32, // ceil(channels / 4)
  in_h: u32, // rows of pixels
  cells: u32, // of a row
  out_h: u32, // nodes
  out_w: u32,
  top: u32, // half pixels from the node before the first to the first row
  first_cell: u32, // cell i lies between the nodes i - 1 and i
  step: u32, // half pixels between nodes
}

@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;
@group(0) @binding(2) var<uniform> params: Params;

// The first row at or after this many half pixels.
fn row_at(half_pixels: u32) -> u32 {
  return (max(half_pixels, params.top) - params.top + 1) / 2;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= params.vec4s) { return; }
  let block = i % params.blocks;
  let node = i / params.blocks;
  let column = node % params.out_w;
  let row = node / params.out_w % params.out_h;
  let item = node / (params.out_w * params.out_h);

  // The node is on the right of cell `column` and on the left of the next one. Cells before the first wrap to large
  // numbers.
  let right_of = column - params.first_cell;
  let left_of = column + 1 - params.first_cell;
  var total = vec4f();
  let end = min(params.in_h, row_at((row + 2) * params.step));
  for (var y = row_at(row * params.step); y < end; y++) {
    let below = y * 2 + params.top - row * params.step; // half pixels below the node before
    let weight = 1 - abs(f32(below) / f32(params.step) - 1);
    let line = (item * params.in_h + y) * params.cells;
    var both = vec4f();
    if (left_of < params.cells) { both += sums[(line + left_of) * 2 * params.blocks + block]; }
    if (right_of < params.cells) { both += sums[((line + right_of) * 2 + 1) * params.blocks + block]; }
    total += weight * both;
  }
  gradient[i] = total;
}
