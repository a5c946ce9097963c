/** Browsers turn pictures as cameras noted, asked or not; for models that want them as they are stored, the note is hidden. */
import { jpegSegments, pngChunks, viewOf } from "oal-core";

/** A JPEG, PNG or WebP file without its EXIF data; other bytes as they are. */
export function withoutOrientation(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  if (copy[0] === 0xff && copy[1] === 0xd8) {
    // application data of EXIF and XMP, APP1, become APP15, which nobody reads
    for (const { marker, content } of jpegSegments(copy))
      if (marker === 0xe1) copy[content.byteOffset - 3] = 0xef;
  } else if (copy[0] === 0x89) {
    for (const { type, content } of pngChunks(copy)) if (type === "eXIf") copy[content.byteOffset - 1] = 0x67; // "eXIg", an unknown chunk of no consequence
  } else if (copy[8] === 0x57) {
    const view = viewOf(copy);
    for (let at = 12; at + 8 <= copy.length;) {
      const length = view.getUint32(at + 4, true);
      if (view.getUint32(at) === 0x45584946) copy[at] = 0x58; // "XXIF"
      at += 8 + length + (length & 1);
    }
  }
  return copy;
}
