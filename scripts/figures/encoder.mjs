/** encoder.png: the picture and the backbone's features at strides 8, 16 and 32. */
import { scaled } from "../../dist/src/image/scale.js";
import { STRIDES } from "./networks.mjs";
import { PANEL_WIDTH, cellPanel, channelMean, heatMap, panelHeight, strip } from "./panels.mjs";

export function encoderFigure(picture, maps) {
  const { width, height } = picture;
  const features = STRIDES.map((stride) => {
    const map = maps.get(`features ${stride}`);
    return {
      title: `stride ${stride}`,
      note: `${map.channels} x ${map.height} x ${map.width}, their mean`,
      image: cellPanel(heatMap(channelMean(map), map.width, map.height), stride, picture),
    };
  });
  const small = scaled(picture, PANEL_WIDTH, panelHeight(picture));
  return strip([{ title: "picture", note: `3 x ${height} x ${width}`, image: small }, ...features]);
}
