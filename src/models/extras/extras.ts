/** What some pages need and load when they do: streams of pictures, profiles, pictures of URLs. */
export { fetchPicture } from "./fetch-picture.js";
export { profileLayers } from "./profile-layers.js";
export { segmentStream } from "./segment-stream.js";
export { pictureTooLarge } from "./size-refusal.js";
