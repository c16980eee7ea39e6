// resize-argmax, texture: one thread finds the labels of four consecutive pixels. For software adapters.
// Over corners:
// - The logits come from a texture, which is half the price of a buffer there.
// - Where the four pixels share their corners and these agree on the largest class, it is the label of all four: its
//   lead over any other class is not negative at the corners, so neither is it between them. This holds for most of a
//   picture.
// Operands:
//   x  planes of 4 channels, see layout tex4
//   y  pixel i in byte i % 4 of word i / 4; bytes past the last pixel are zero

override CHANNELS: u32 = 1;

struct Params {
  in_h: u32,
  in_w: u32,
  in_columns: u32, // planes side by side in the texture
  out_h: u32,
  out_w: u32,
  pixels: u32, // batch * out_h * out_w
  step_h: i32, // output row i lies at clamp(i * step_h + offset_h, 0, most_h) / over_h rows of the input
  step_w: i32,
  offset_h: i32,
  offset_w: i32,
  over_h: i32,
  over_w: i32,
  most_h: i32,
  most_w: i32,
}

@group(0) @binding(0) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

struct Position {
  low: u32,
  high: u32,
  weight: f32, // of `high`
}

// Quotient and remainder. A CPU divides integers lane by lane, so this takes a float estimate, which is off by one at
// most, and corrects it.
fn divide(a: u32, b: u32) -> vec2u {
  var quotient = i32(f32(a) / f32(b));
  var rest = i32(a) - quotient * i32(b);
  if (rest < 0) { quotient--; rest += i32(b); }
  if (rest >= i32(b)) { quotient++; rest -= i32(b); }
  return vec2u(u32(quotient), u32(rest));
}

// In integers up to the last step: a float position such as 500.3 would leave only five digits for the weight.
fn position_by_divide(i: u32, step: i32, offset: i32, over: i32, most: i32, size: u32) -> Position {
  let at = divide(u32(clamp(i32(i) * step + offset, 0, most)), u32(over));
  return Position(at.x, min(at.x + 1, size - 1), f32(at.y) / f32(over));
}

// Tests the bits: WGSL lets an implementation assume that no float is NaN.
fn is_number(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffff) <= 0x7f800000;
}

// Tests the bits as well: neither NaN nor infinite.
fn is_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000) != 0x7f800000;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let word = id.y * groups.x * 8 + id.x;
  if (word * 4 >= params.pixels) { return; }
  let blocks = (CHANNELS + 3) / 4;
  let image_rows = (blocks + params.in_columns - 1) / params.in_columns * params.in_h;

  // For each pixel: its corners as left, right, top, bottom in plane 0 of its batch item, and its position between
  // them.
  var corners: array<vec4u, 4>;
  var weights: array<vec2f, 4>;
  for (var i = 0u; i < 4; i++) {
    let row = divide(min(word * 4 + i, params.pixels - 1), params.out_w);
    let n = divide(row.x, params.out_h);
    let oy = n.y;
    let ox = row.y;
    let vertical = position_by_divide(oy, params.step_h, params.offset_h, params.over_h, params.most_h, params.in_h);
    let horizontal = position_by_divide(ox, params.step_w, params.offset_w, params.over_w, params.most_w, params.in_w);
    let columns = vec2u(horizontal.low, horizontal.high) + 1;
    corners[i] = vec4u(columns, vec2u(vertical.low, vertical.high) + n.x * image_rows);
    weights[i] = vec2f(horizontal.weight, vertical.weight);
  }

  var labels = vec4u();
  var decided = all(corners[0] == corners[1]) && all(corners[0] == corners[2]) && all(corners[0] == corners[3]);
  if (decided) {
    // The components of `best` and `labels` are the corners.
    var best = vec4f();
    var total = vec4f();
    var plane = vec2u();
    for (var block = 0u; block < blocks; block++) {
      let at = corners[0] + plane.xxyy;
      let v = transpose(mat4x4f(
        textureLoad(x, at.xz), textureLoad(x, at.yz),
        textureLoad(x, at.xw), textureLoad(x, at.yw)));
      for (var lane = 0u; lane < 4; lane++) {
        let k = block * 4 + lane;
        let better = (vec4<bool>(k == 0) | (v[lane] > best)) & vec4<bool>(k < CHANNELS);
        best = select(best, v[lane], better);
        labels = select(labels, vec4u(k), better);
        total += v[lane];
      }
      plane.x += params.in_w + 1;
      if (plane.x >= params.in_columns * (params.in_w + 1)) { plane = vec2u(0, plane.y + params.in_h); }
    }
    // A NaN or an infinity anywhere makes the total one. Such a word takes the long way.
    decided = is_finite(total.x + total.y + total.z + total.w) && all(labels == labels.xxxx);
  }

  if (!decided) {
    labels = vec4u();
    var best = vec4f();
    var found = vec4<bool>();
    var plane = vec2u();
    for (var block = 0u; block < blocks; block++) {
      for (var i = 0u; i < 4; i++) {
        let at = corners[i] + plane.xxyy;
        let upper = mix(textureLoad(x, at.xz), textureLoad(x, at.yz), weights[i].x);
        let lower = mix(textureLoad(x, at.xw), textureLoad(x, at.yw), weights[i].x);
        let v = mix(upper, lower, weights[i].y);
        for (var lane = 0u; lane < 4 && block * 4 + lane < CHANNELS; lane++) {
          if (is_number(v[lane]) && (!found[i] || v[lane] > best[i])) {
            labels[i] = block * 4 + lane;
            best[i] = v[lane];
            found[i] = true;
          }
        }
      }
      plane.x += params.in_w + 1;
      if (plane.x >= params.in_columns * (params.in_w + 1)) { plane = vec2u(0, plane.y + params.in_h); }
    }
  }
  var packed = 0u;
  for (var i = 0u; i < 4 && word * 4 + i < params.pixels; i++) { packed |= labels[i] << (i * 8); }
  y[word] = packed;
}
