/** Browsers turn pictures as cameras noted, asked or not; for models that want them as they are stored, the note is hidden. */
import { pictureBlocks } from "oal-core";

/** A byte of a block's type, counted back from its content, and one that makes another type of it, which nobody reads. */
const hidden: Readonly<Record<string, readonly [back: number, byte: number]>> = {
  e1: [3, 0xef], // APP1 of JPEG, EXIF and XMP, becomes APP15
  eXIf: [1, 0x67], // of PNG: "eXIg", an unknown chunk of no consequence
  EXIF: [8, 0x58], // of WebP: "XXIF"
};

/** A JPEG, PNG or WebP file without its EXIF data; other bytes as they are. */
export function withoutOrientation(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  for (const { type, start } of pictureBlocks(bytes)) {
    const change = hidden[type];
    if (change) copy[start - change[0]] = change[1];
  }
  return copy;
}
