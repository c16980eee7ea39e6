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

// Quotient and remainder, for quotients below 2^22. A CPU divides integers lane by lane, so this takes a float
// estimate, which is off by one at most, and corrects it.
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

// A pixel of the output.
struct Pixel {
  corners: vec4u, // left, right, top and bottom in plane 0 of its batch item
  weights: vec2f, // its position between them
  x: u32, // its column
}

fn output_pixel(i: u32) -> Pixel {
  let row = divide(i, params.out_w);
  let n = divide(row.x, params.out_h);
  let blocks = (CHANNELS + 3) / 4;
  let image_rows = (blocks + params.in_columns - 1) / params.in_columns * params.in_h;
  let vertical = position_by_divide(n.y, params.step_h, params.offset_h, params.over_h, params.most_h, params.in_h);
  let horizontal = column_at(row.y);
  let corners = vec4u(vec2u(horizontal.low, horizontal.high) + 1,
    vec2u(vertical.low, vertical.high) + n.x * image_rows);
  return Pixel(corners, vec2f(horizontal.weight, vertical.weight), row.y);
}

fn column_at(x: u32) -> Position {
  return position_by_divide(x, params.step_w, params.offset_w, params.over_w, params.most_w, params.in_w);
}

// The corner of the next plane.
fn next_plane(plane: vec2u) -> vec2u {
  let right = plane.x + params.in_w + 1;
  return select(vec2u(right, plane.y), vec2u(0, plane.y + params.in_h), right >= params.in_columns * (params.in_w + 1));
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = (id.y * groups.x * 8 + id.x) * 4;
  if (first >= params.pixels) { return; }
  let blocks = (CHANNELS + 3) / 4;
  var packed = 0u;

  // Columns never go back in a row, so if the last of four pixels has the corners of the first, all have.
  let start = output_pixel(first);
  var decided = start.x + 3 < params.out_w && column_at(start.x + 3).low + 1 == start.corners.x;
  if (decided) {
    // The components of `best` and `labels` are the corners.
    var best = vec4f();
    var labels = vec4u();
    var total = vec4f();
    var plane = vec2u();
    for (var block = 0u; block < blocks; block++) {
      let at = start.corners + plane.xxyy;
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
      plane = next_plane(plane);
    }
    // A NaN or an infinity anywhere makes the total one. Such a word takes the long way.
    decided = is_finite(total.x + total.y + total.z + total.w) && all(labels == labels.xxxx);
    packed = labels.x * 0x01010101;
  }

  if (!decided) {
    packed = 0;
    // The bound is not constant, so that lavapipe does not unroll the loop, which would take longer to compile.
    for (var i = 0u; i < min(4, params.pixels - first); i++) {
      let here = output_pixel(first + i);
      var label = 0u;
      var best = 0.0;
      var found = false;
      var plane = vec2u();
      for (var block = 0u; block < blocks; block++) {
        let at = here.corners + plane.xxyy;
        let upper = mix(textureLoad(x, at.xz), textureLoad(x, at.yz), here.weights.x);
        let lower = mix(textureLoad(x, at.xw), textureLoad(x, at.yw), here.weights.x);
        let v = mix(upper, lower, here.weights.y);
        for (var lane = 0u; lane < 4 && block * 4 + lane < CHANNELS; lane++) {
          if (is_number(v[lane]) && (!found || v[lane] > best)) {
            label = block * 4 + lane;
            best = v[lane];
            found = true;
          }
        }
        plane = next_plane(plane);
      }
      packed |= label << (i * 8);
    }
  }
  y[first / 4] = packed;
}
