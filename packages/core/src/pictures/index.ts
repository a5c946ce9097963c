/** What the bytes of a picture's file say without being decoded. */
export {
  jpegSegments,
  jpegSize,
  pngChunks,
  pngSize,
  viewOf,
  type JpegSegment,
  type PictureSize,
  type PngChunk,
} from "./header.js";
