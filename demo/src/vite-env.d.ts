declare module "*.wgsl?raw" {
  const text: string;
  export default text;
}

declare module "*.css";
