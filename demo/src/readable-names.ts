/** Class names as people write them: PASCAL VOC's leave out spaces. */
const READABLE: Readonly<Record<string, string>> = {
  diningtable: "dining table",
  pottedplant: "potted plant",
  tvmonitor: "TV monitor",
};

export const readableName = (name: string): string => READABLE[name] ?? name;
