/**
 * Usage flags by value. `GPUBufferUsage` and the other globals may be missing when a module is imported (Node, server
 * rendering). The specification fixes the values. https://www.w3.org/TR/webgpu/#buffer-usage
 */
export const BUFFER = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;
export const TEXTURE = { COPY_SRC: 0x1, COPY_DST: 0x2, STORAGE_BINDING: 0x8, RENDER_ATTACHMENT: 0x10 } as const;
export const MAP_MODE_READ = 0x1;
export const COMPUTE_STAGE = 0x4;
