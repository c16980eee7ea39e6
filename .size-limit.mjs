/** The bundled JavaScript of a page: one that segments, one with the whole entry, and one with a single kernel. */
const modifyEsbuildConfig = (config) => ({ ...config, format: "esm" });

export default [
  {
    name: "a page that segments",
    path: "dist/src/index.js",
    import: "{ loadFcn }",
    gzip: true,
    limit: "60 kB",
    modifyEsbuildConfig,
  },
  { name: "all of fcn-webgpu", path: "dist/src/index.js", gzip: true, limit: "71 kB", modifyEsbuildConfig },
  {
    name: "one kernel of fcn-webgpu/kernels",
    path: "dist/shaders/index.js",
    import: "{ relu }",
    gzip: true,
    limit: "4 kB",
    modifyEsbuildConfig,
  },
];
