/** The weights that the library knows by name and that segment. A test compares the sizes with the library's. */
export interface NamedChoice {
  readonly name: string;
  readonly title: string;
  readonly bytes: number;
  readonly knows: string;
}

export const NAMED_CHOICES: readonly NamedChoice[] = [
  {
    name: "icons",
    title: "Icons",
    bytes: 5_698_472,
    knows: "Drawn icons, 20 classes. Narrow ResNet\u2011101. Ships with this page.",
  },
  {
    name: "torchvision/fcn_resnet50",
    title: "torchvision, ResNet\u201150",
    bytes: 141_567_418,
    knows: "Photographs, 20 classes. Dilated: one network of stride 8.",
  },
  {
    name: "torchvision/fcn_resnet101",
    title: "torchvision, ResNet\u2011101",
    bytes: 217_800_805,
    knows: "Photographs, 20 classes, the largest. Dilated: one network of stride 8.",
  },
];
