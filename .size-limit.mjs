/** The bundled JavaScript of a page: that segments, with the whole entry, with a single kernel, with masks only. */
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
  { name: "all of fcn-webgpu", path: "dist/src/index.js", gzip: true, limit: "72 kB", modifyEsbuildConfig },
  {
    name: "one kernel of fcn-webgpu/kernels",
    path: "dist/shaders/index.js",
    import: "{ relu }",
    gzip: true,
    limit: "4 kB",
    modifyEsbuildConfig,
  },
  {
    name: "one function of fcn-webgpu/image",
    path: "dist/src/image/index.js",
    import: "{ classMask }",
    gzip: true,
    limit: "3 kB",
    modifyEsbuildConfig,
  },
];
