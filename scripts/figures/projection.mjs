/** projection.png: from the picture to the scores of one class, the best class of each cell, and FCN-32s's labels. */
import { scaled } from "../../dist/src/image/scale.js";
import { VOC_CLASSES } from "../../dist/src/node.js";
import { PANEL_WIDTH, cellPanel, classColours, drawGrid, heatMap, panelHeight, strip } from "./panels.mjs";

const STRIDE = 32;
const BUS = VOC_CLASSES.indexOf("bus");

export function projectionFigure(picture, maps) {
  const { width, height } = picture;
  const scores = maps.get("fcn32s scores");
  const cells = maps.get("fcn32s cells");
  const labels = maps.get("fcn32s labels");
  const pixels = scores.width * scores.height;
  const busScores = heatMap(scores.values.subarray(BUS * pixels, (BUS + 1) * pixels), scores.width, scores.height);
  const bestClasses = classColours(cells.values, cells.width, cells.height);
  const small = (image) => scaled(image, PANEL_WIDTH, panelHeight(picture));
  const cellsWithGrid = (image) => drawGrid(cellPanel(image, STRIDE, picture), (STRIDE * PANEL_WIDTH) / width);
  return strip([
    { title: "picture", note: `${height} x ${width}`, image: small(picture) },
    {
      title: 'score of "bus"',
      note: `one of 21 maps, ${scores.height} x ${scores.width}`,
      image: cellsWithGrid(busScores),
    },
    {
      title: "best class of each cell",
      note: `argmax over 21, ${cells.height} x ${cells.width}`,
      image: cellsWithGrid(bestClasses),
    },
    {
      title: "FCN-32s",
      note: "scores upsampled by 32, then argmax",
      image: small(classColours(labels.values, width, height)),
    },
  ]);
}
