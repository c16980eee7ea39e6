/** What a page downloads besides the weights: the browser entry as a bundler leaves it. */
export default [
  {
    name: "fcn-webgpu in a page, without weights",
    path: "dist/src/index.js",
    gzip: true,
    limit: "60 kB",
    modifyEsbuildConfig: (config) => ({ ...config, format: "esm" }),
  },
];
