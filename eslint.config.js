import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "out/", "node_modules/", "**/*.generated.ts", "weights/provenance/"] },
  {
    files: ["src/**/*.ts", "shaders/**/*.ts", "bench/**/*.ts", "demo/**/*.ts", "test/**/*.ts", "vitest.config.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      eqeqeq: "error",
      // An async method without await turns what it throws into a rejection, which is what its interface promises.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    // `stride: 1 as Pair` widens the type of an attribute; the rule sees the cast as idle, the inference does not.
    files: ["shaders/*/kernel.ts"],
    rules: { "@typescript-eslint/no-unnecessary-type-assertion": "off" },
  },
  { files: ["scripts/**/*.mjs", "deploy/**/*.mjs"], extends: [tseslint.configs.base], rules: { eqeqeq: "error" } },
);
