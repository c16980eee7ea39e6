import { badShape } from "./errors.js";
export type Shape = readonly number[];
export const elements = (s: Shape): number => s.reduce((a, b) => a * b, 1);
export const formatShape = (s: Shape): string => `[${s.join(",")}]`;
export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);
export const alignUp = (a: number, b: number): number => Math.ceil(a / b) * b;
export interface W { kernel: number; stride?: number; padding?: number; dilation?: number }
export function convOutputSize(input: number, { kernel, stride = 1, padding = 0, dilation = 1 }: W): number {
  const o = Math.floor((input + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
  if (!(o >= 1)) throw badShape("conv");
  return o;
}
export function convTransposeOutputSize(input: number, { kernel, stride = 1, padding = 0, dilation = 1, outputPadding = 0 }: W & { outputPadding?: number }): number {
  return (input - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1;
}
