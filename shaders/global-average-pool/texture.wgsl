// global-average-pool, texture: naive.wgsl between textures. For software adapters, whose convolutions read and write
// textures.
// Over naive: each lane reads texels of a plane of its own, four columns at a time, which are added in pairs.
// Operands:
//   x, y  planes of 4 channels, see layout tex4

struct Params {
  in_h: u32,
  in_w: u32,
  in_columns: u32, // planes side by side in the texture
  out_columns: u32,
  blocks: u32, // channels / 4
  planes: u32, // batch * blocks
  divisor: f32, // pixels, or 1 for a sum
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var y: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

// Quotient and remainder, for quotients below 2^22. A CPU divides integers lane by lane, so this takes a float
// estimate, which is off by one at most, and corrects it.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

// Texel of the first column and row of a plane, in a texture of `columns` planes of height x width side by side.
fn plane_corner(n: u32, block: u32, columns: u32, height: u32, width: u32) -> vec2u {
  let place = divide(block, columns);
  return vec2u(place.y * (width + 1) + 1, (n * ((params.blocks + columns - 1) / columns) + place.x) * height);
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 8 + id.x;
  if (i >= params.planes) { return; }
  let n = i / params.blocks;
  let block = i % params.blocks;
  let corner = plane_corner(n, block, params.in_columns, params.in_h, params.in_w);
  var sum = vec4f();
  for (var row = 0u; row < params.in_h; row++) {
    var row_sum = vec4f();
    for (var column = 0u; column < params.in_w; column += 4) {
      // Columns past the last are read from column 0 of the texture, which is zero.
      let c = vec4u(0, 1, 2, 3) + column;
      let at = select(vec4u(0), corner.x + c, c < vec4u(params.in_w));
      let left = textureLoad(x, vec2u(at.x, corner.y + row)) + textureLoad(x, vec2u(at.y, corner.y + row));
      let right = textureLoad(x, vec2u(at.z, corner.y + row)) + textureLoad(x, vec2u(at.w, corner.y + row));
      row_sum += left + right;
    }
    sum += row_sum;
  }
  let to = plane_corner(n, block, params.out_columns, 1, 1);
  textureStore(y, to, sum / params.divisor);
}
