/** What a file that is no ONNX model is instead, told by its first bytes, so that its owner knows what he has. */
import { oalError } from "../../errors/index.js";

const starts: readonly (readonly [bytes: readonly number[], offset: number, what: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], 0, "a PNG image"],
  [[0xff, 0xd8, 0xff], 0, "a JPEG image"],
  [[0x47, 0x49, 0x46, 0x38], 0, "a GIF image"],
  [[0x50, 0x4b, 0x03, 0x04], 0, "a zip archive, as PyTorch's .pt and .pth files and Keras' .keras files are"],
  [[0x1f, 0x8b], 0, "a gzip archive"],
  [[0x89, 0x48, 0x44, 0x46], 0, "an HDF5 file, as Keras' .h5 files are"],
  [[0x54, 0x46, 0x4c, 0x33], 4, "a TensorFlow Lite model"],
  [[0x4f, 0x52, 0x54, 0x4d], 4, "a model in ONNX Runtime's own format (.ort)"],
  [[0x25, 0x50, 0x44, 0x46], 0, "a PDF document"],
  [[0x47, 0x47, 0x55, 0x46], 0, "a GGUF file"],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 0, "an npy array"],
  [[0x80, 0x02, 0x8a, 0x0a], 0, "a PyTorch file of before version 1.6"],
];

/** Files that begin with text. */
const texts: readonly (readonly [start: RegExp, what: string])[] = [
  [/^\s*<(!doctype html|html|\?xml)/i, "a web page, as servers send in place of a file"],
  [/^.{8}\{"/s, "a safetensors file"],
];

/**
 * Refuses bytes that begin as no ONNX model does.
 *
 * @throws OAL-G121 for a pointer of Git LFS, OAL-G120 for another format, OAL-G112 for nothing
 */
export function refuseOtherFormats(bytes: Uint8Array): void {
  const where = "the file";
  if (bytes.length === 0) throw oalError("OAL-G112", { where, problem: "is empty" });
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
  if (head.startsWith("version https://git-lfs.github.com/spec/")) throw oalError("OAL-G121", { where });
  const binary = starts.find(([start, offset]) =>
    start.every((byte, index) => bytes[offset + index] === byte),
  );
  const what = binary?.[2] ?? texts.find(([start]) => start.test(head))?.[1];
  if (what !== undefined) throw oalError("OAL-G120", { where, what });
}
