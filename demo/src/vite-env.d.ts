declare module "*.wgsl?raw" {
  const text: string;
  export default text;
}

declare module "*?worker&url" {
  const url: string;
  export default url;
}

/** The samples as small pictures: addresses by name, made by vite.config.ts. */
declare module "virtual:thumbnails" {
  const addresses: Readonly<Record<string, string>>;
  export default addresses;
}

declare module "*.css";
