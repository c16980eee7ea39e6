/**
 * Subgroup matrices for adapters that have none: rewrites a shader so that it gives the results of the built-in
 * functions. A left or right matrix becomes its position in memory (first element, stride) and is read when it is
 * multiplied. Of a result, each of the 32 lanes holds 8 of the 256 numbers: half a row. Only the template syntax is
 * known.
 */

/** LEFT, RIGHT and RESULTS stand for the shader's own arrays. */
const SUPPORT = `
var<private> lane: u32;

fn multiply_matrices(left: vec2u, right: vec2u, sum: mat2x4f) -> mat2x4f {
  let row = lane / 2;
  let column = lane % 2 * 8;
  var result = sum;
  for (var k = 0u; k < min(16, params.out_w + 16); k++) { // always 16, but unknown to the compiler: it must not unroll
    let a = f32(LEFT[left.x + row * left.y + k]);
    let b = right.x + k * right.y + column;
    result[0] += a * vec4f(f32(RIGHT[b]), f32(RIGHT[b + 1]), f32(RIGHT[b + 2]), f32(RIGHT[b + 3]));
    result[1] += a * vec4f(f32(RIGHT[b + 4]), f32(RIGHT[b + 5]), f32(RIGHT[b + 6]), f32(RIGHT[b + 7]));
  }
  return result;
}

fn store_matrix(start: u32, m: mat2x4f, stride: u32) {
  let at = start + lane / 2 * stride + lane % 2 * 8;
  for (var i = 0u; i < 4; i++) {
    RESULTS[at + i] = m[0][i];
    RESULTS[at + 4 + i] = m[1][i];
  }
}
`;

/** The name that the pattern finds in the shader. */
function nameIn(shader: string, pattern: RegExp): string {
  const [, name] = pattern.exec(shader) ?? [];
  if (name === undefined) throw new Error(`the shader has nothing like ${pattern.source}`);
  return name;
}

export function emulated(shader: string): string {
  const support = SUPPORT.replaceAll("LEFT", nameIn(shader, /subgroupMatrixLoad<subgroup_matrix_left.*?>\(&(\w+)/))
    .replaceAll("RIGHT", nameIn(shader, /subgroupMatrixLoad<subgroup_matrix_right.*?>\(&(\w+)/))
    .replaceAll("RESULTS", nameIn(shader, /subgroupMatrixStore.*?\(&(\w+)/));
  const body = shader
    .replace(/^enable chromium_experimental_subgroup_matrix;\n/m, "")
    .replace(/^diagnostic\(off, chromium\.subgroup_matrix_uniformity\);\n/m, "")
    .replace(/^fn main\([^{]*thread: u32,\s*\) \{$/m, "$&\n  lane = thread % 32;")
    .replace(/subgroupMatrixLoad<subgroup_matrix_\w+<f16, 16, 16>, row_major>\(&\w+, /g, "vec2u(")
    .replace(/subgroupMatrixStore<row_major>\(&\w+, /g, "store_matrix(")
    .replaceAll("subgroupMatrixMultiplyAccumulate(", "multiply_matrices(")
    .replace(/subgroup_matrix_(left|right)<f16, 16, 16>/g, "vec2u")
    .replaceAll("subgroup_matrix_result<f32, 16, 16>", "mat2x4f");
  return body + support;
}
