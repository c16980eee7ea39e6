// concat, texture: between textures. For software adapters, whose convolutions read and write textures.
// Over naive: the lanes are neighbouring pixels of a plane, and a thread takes several texels of a row. It reads one
// texel for each, or two where the four channels of y come from two.
// Operands:
//   a, b, y  planes of 4 channels, see layout tex4

override A_CHANNELS: u32 = 1;
override B_CHANNELS: u32 = 1;

struct Params {
  height: u32,
  width: u32,
  columns: u32, // planes side by side in the texture
  rows: u32, // batch * height
  a_h: u32, // as y, or 1
  a_w: u32,
  a_columns: u32,
  b_h: u32,
  b_w: u32,
  b_columns: u32,
}

@group(0) @binding(0) var a: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var b: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(3) var<uniform> params: Params;

// Where planes of `size` (width, height) lie.
struct Planes {
  size: vec2u,
  columns: u32, // side by side
  blocks: u32, // for each batch item
}

// The first texel of a row of the plane of a block. A plane of one pixel has one row, which is repeated.
fn first_texel(planes: Planes, n: u32, block: u32, row: u32) -> vec2u {
  let rows = (planes.blocks + planes.columns - 1) / planes.columns;
  let plane = vec2u(block % planes.columns, n * rows + block / planes.columns);
  return plane * (planes.size + vec2u(1, 0)) + vec2u(1, min(row, planes.size.y - 1)); // column 0 is zero
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.y >= params.rows) { return; }
  let a_planes = Planes(vec2u(params.a_w, params.a_h), params.a_columns, (A_CHANNELS + 3) / 4);
  let b_planes = Planes(vec2u(params.b_w, params.b_h), params.b_columns, (B_CHANNELS + 3) / 4);
  let blocks = (A_CHANNELS + B_CHANNELS + 3) / 4;
  let y_planes = Planes(vec2u(params.width, params.height), params.columns, blocks);
  let n = id.y / params.height;
  let row = id.y % params.height;

  let block = id.z;
  let whole = A_CHANNELS / 4; // blocks with channels of a alone
  let shift = A_CHANNELS % 4; // channels of a in the block after them
  let own = block - whole; // block of b, where there are no channels of a alone
  let a_first = first_texel(a_planes, n, block, row);
  let b_first = first_texel(b_planes, n, own, row);
  let before = first_texel(b_planes, n, own - 1, row);
  let y_first = first_texel(y_planes, n, block, row);
  for (var column = id.x; column < params.width; column += groups.x * 8) {
    let a_at = a_first + vec2u(min(column, params.a_w - 1), 0);
    let b_column = vec2u(min(column, params.b_w - 1), 0);
    var joined: vec4f;
    if (block < whole) {
      joined = textureLoad(a, a_at);
    } else {
      // From lane `shift` on: the first channels of a block of b. Past the last block there are none.
      var high = vec4f();
      if (own < b_planes.blocks) { high = textureLoad(b, b_first + b_column); }
      joined = high;
      if (shift > 0) {
        // Lanes before: the last channels of a, which come first in their texel, or those of the block of b before.
        var low: vec4f;
        if (own == 0) { low = textureLoad(a, a_at); } else { low = textureLoad(b, before + b_column); }
        for (var lane = 0u; lane < 4; lane++) {
          let place = select(lane + 4 - shift, lane, own == 0);
          if (lane < shift) { joined[lane] = low[place]; } else { joined[lane] = high[lane - shift]; }
        }
      }
    }
    textureStore(y, y_first + vec2u(column, 0), joined);
  }
}
