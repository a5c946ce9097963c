/** Models that are no ONNX files: told by their first bytes and names, with the way to an ONNX file. */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { oalError } from "oal-core";

interface OtherFormat {
  readonly name: string;
  readonly how: string;
  readonly matches: (head: Uint8Array, extension: string) => boolean;
}

const startsWith = (head: Uint8Array, text: string, at = 0): boolean =>
  Array.from(text).every((letter, index) => head[at + index] === letter.charCodeAt(0));
const torch =
  "in Python: torch.onnx.export(model.eval(), torch.zeros(1, 3, 224, 224), 'model.onnx', dynamo=False, dynamic_axes={'input': {0: 'batch'}}, input_names=['input'], output_names=['logits'])";

const formats: readonly OtherFormat[] = [
  {
    name: "a GGUF file, as language models have them",
    how: "oal takes classifiers of pictures as ONNX files",
    matches: (head) => startsWith(head, "GGUF"),
  },
  {
    name: "a TensorFlow Lite model",
    how: "python -m tf2onnx.convert --tflite model.tflite --output model.onnx --opset 17",
    matches: (head) => startsWith(head, "TFL3", 4),
  },
  {
    name: "a Keras or HDF5 file",
    how: "python -m tf2onnx.convert --keras model.h5 --output model.onnx --opset 17",
    matches: (head, extension) =>
      startsWith(head, "\u0089HDF") || (extension === ".keras" && startsWith(head, "PK")),
  },
  {
    name: "a safetensors file, weights without their network",
    how: `build the network they belong to and export it, ${torch}`,
    matches: (head, extension) =>
      extension === ".safetensors" || (head[8] === 0x7b && head[9] === 0x22 && head[7] === 0),
  },
  {
    name: "a PyTorch file",
    how: `${torch}; weights alone of a ResNet or a vision transformer can be saved as .safetensors instead, with safetensors.torch.save_file(state_dict, 'model.safetensors')`,
    matches: (head, extension) =>
      (startsWith(head, "PK") || (head[0] === 0x80 && (head[1] ?? 9) <= 5)) &&
      /^\.(pt|pth|bin|ckpt|jit|ptl|pkl)?$/.test(extension),
  },
  {
    name: "a TensorFlow graph",
    how: "python -m tf2onnx.convert --graphdef model.pb --output model.onnx --inputs NAME:0 --outputs NAME:0",
    matches: (_head, extension) => extension === ".pb" || extension === ".pbtxt",
  },
  {
    name: "a Core ML model",
    how: "export the model that it was made from as ONNX",
    matches: (_head, extension) => extension === ".mlmodel" || extension === ".mlpackage",
  },
  {
    name: "an archive",
    how: "unpack it and give the model in it",
    matches: (_head, extension) =>
      [".tar", ".gz", ".tgz", ".zip", ".7z", ".xz", ".bz2", ".zst"].includes(extension),
  },
  {
    name: "an ONNX Runtime file (.ort)",
    how: "give the ONNX file that it was made from",
    matches: (head) => startsWith(head, "ORTM", 4),
  },
  {
    name: "a Git LFS pointer, not the file itself",
    how: "git lfs pull",
    matches: (head) => startsWith(head, "version https://git-lfs"),
  },
];

/** @throws OAL-I151 for a model in another format, OAL-I112 when the file cannot be read */
export async function refuseOtherFormats(path: string): Promise<void> {
  const head = new Uint8Array(32);
  try {
    const file = await open(path);
    try {
      await file.read(head, 0, head.length, 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw oalError(
      "OAL-I112",
      { path, problem: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
  const found = formats.find(({ matches }) => matches(head, extname(path).toLowerCase()));
  if (found) throw oalError("OAL-I151", { path, format: found.name, how: found.how });
}
