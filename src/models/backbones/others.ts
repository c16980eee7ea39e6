/** All backbones but ResNets. A page loads them when it meets a checkpoint that needs one. */
export { mobileNetV2 } from "./mobilenet-v2.js";
export { vgg16 } from "./vgg16.js";
