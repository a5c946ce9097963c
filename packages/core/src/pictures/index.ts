/** What the bytes of a picture's file say without being decoded. */
export { pictureBlocks, pictureSize, viewOf, type PictureBlock, type PictureSize } from "./header.js";
