/**
 * Subgroup matrices for adapters that have none. A left or right matrix is where it lies (first element, stride), read when it
 * is multiplied; of a result each of 32 lanes holds 8 of the 256 numbers, half a row. A shader gives the same results as with the
 * built-in functions. Only the template syntax is known.
 */
const SUPPORT = `
var<private> lane: u32;

fn multiply(left: vec2u, right: vec2u, sum: mat2x4f) -> mat2x4f {
  let row = lane / 2;
  let column = lane % 2 * 8;
  var made = sum;
  for (var k = 0u; k < min(16, params.pixels + 16); k++) { // a bound that is not unrolled
    let a = f32(LEFT[left.x + row * left.y + k]);
    let b = right.x + k * right.y + column;
    made[0] += a * vec4f(f32(RIGHT[b]), f32(RIGHT[b + 1]), f32(RIGHT[b + 2]), f32(RIGHT[b + 3]));
    made[1] += a * vec4f(f32(RIGHT[b + 4]), f32(RIGHT[b + 5]), f32(RIGHT[b + 6]), f32(RIGHT[b + 7]));
  }
  return made;
}

fn store(start: u32, m: mat2x4f, stride: u32) {
  let at = start + lane / 2 * stride + lane % 2 * 8;
  for (var i = 0u; i < 4; i++) {
    TO[at + i] = m[0][i];
    TO[at + 4 + i] = m[1][i];
  }
}
`;

export function emulated(shader: string): string {
  const pointer = (pattern: RegExp): string => {
    const [, name] = pattern.exec(shader) ?? [];
    if (name === undefined) throw new Error(`the shader has nothing like ${pattern.source}`);
    return name;
  };
  const support = SUPPORT.replaceAll("LEFT", pointer(/subgroupMatrixLoad<subgroup_matrix_left.*?>\(&(\w+)/))
    .replaceAll("RIGHT", pointer(/subgroupMatrixLoad<subgroup_matrix_right.*?>\(&(\w+)/))
    .replaceAll("TO", pointer(/subgroupMatrixStore.*?\(&(\w+)/));
  const body = shader
    .replace(/^enable chromium_experimental_subgroup_matrix;\n/m, "")
    .replace(/^diagnostic\(off, chromium\.subgroup_matrix_uniformity\);\n/m, "")
    .replace(/^(fn main\(.*thread: u32\) \{)$/m, "$1\n  lane = thread % 32;")
    .replace(/subgroupMatrixLoad<subgroup_matrix_\w+<f16, 16, 16>, row_major>\(&\w+, /g, "vec2u(")
    .replace(/subgroupMatrixStore<row_major>\(&\w+, /g, "store(")
    .replaceAll("subgroupMatrixMultiplyAccumulate(", "multiply(")
    .replace(/subgroup_matrix_(left|right)<f16, 16, 16>/g, "vec2u")
    .replaceAll("subgroup_matrix_result<f32, 16, 16>", "mat2x4f");
  return body + support;
}
