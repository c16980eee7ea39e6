/** How variants are named on the page. */

/** "fcn8s" becomes "FCN-8s". */
export const networkTitle = (variant: string): string =>
  variant.replace(/^fcn(\d+s)$/, "FCN-$1").replace(/^fcn-resnet(\d+)$/, "FCN, dilated ResNet-$1");

/** For the head of a narrow column: "fcn8s" becomes "8s". */
export const columnTitle = (variant: string): string => networkTitle(variant).replace(/^FCN-/, "");

/** Output stride: the name of FCN-32s, 16s and 8s has it, a dilated ResNet has stride 8. */
export const strideOf = (variant: string): number => Number(/^fcn(\d+)s$/.exec(variant)?.[1] ?? 8);
