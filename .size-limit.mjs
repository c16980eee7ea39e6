/** What a page downloads besides the weights: the browser entry as a bundler leaves it, and one kernel on its own. */
const modifyEsbuildConfig = (config) => ({ ...config, format: "esm" });

export default [
  { name: "fcn-webgpu in a page, all of it", path: "dist/src/index.js", gzip: true, limit: "60 kB", modifyEsbuildConfig },
  { name: "one kernel of fcn-webgpu/kernels", path: "dist/shaders/index.js", import: "{ relu }", gzip: true, limit: "4 kB", modifyEsbuildConfig },
];
