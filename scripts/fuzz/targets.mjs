// The parsers of files that strangers give, each with a small intact file of its kind.
import { deflateRawSync, crc32, gzipSync } from "node:zlib";
import sharp from "sharp";
import {
  add,
  cast,
  conv2d,
  detectors,
  float32Tensor,
  gemm,
  Graph,
  makeDecision,
  modelMetadata,
  pictureSize,
  readModel,
  readNpy,
  reduceMean,
  relu,
  writeModel,
} from "oal-core";
import { assembleBundle } from "../../packages/oal/dist/bundle/assemble.js";
import { factsToMetadata } from "../../packages/oal/dist/bundle/facts.js";
import { readBundle } from "../../packages/oal/dist/bundle/read.js";
import { decodeImage } from "../../packages/oal/dist/data/decode.js";
import { orientationOf } from "../../packages/oal/dist/data/pictures/orientation.js";
import { readerOf } from "../../packages/oal/dist/data/readers/index.js";
import { readSafetensors, safetensorsPieces } from "../../packages/oal/dist/nn/safetensors.js";

/** The most pixels a picture may have here: what a header promises beyond is refused before anything is allocated. */
const maxPixels = 2 ** 20;

/** A network whose layers have small and large constants, attributes and a shape with a symbol. */
function classifier() {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: ["batch", 3, 4, 4] });
  const numbers = (count) => Array.from({ length: count }, (_, i) => Math.sin(i));
  const kernel = graph.constant(float32Tensor([4, 3, 3, 3], numbers(108)), "kernel");
  const maps = relu(conv2d(cast(images, "float32"), kernel, null, { pads: 1 }));
  const features = reduceMean(maps, [2, 3], false);
  const weight = graph.constant(float32Tensor([2, 4], numbers(8)), "weight");
  const logits = add(gemm(features, weight, null, { transB: true }), 0.25);
  return { graph, taps: { images, logits, features, maps: new Map() } };
}

function bundle() {
  const ebo = {
    detector: detectors.find("ebo"),
    parameters: { temperature: 1 },
    fitted: { tensors: {}, bank: null },
  };
  const { graph, facts } = assembleBundle({
    classifier: classifier(),
    version: "0",
    name: "small",
    preprocessing: {
      resize: 4,
      crop: 4,
      interpolation: "bicubic",
      orientation: "apply",
      maxPixels,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    },
    classNames: ["ant", "bee"],
    decides: "ebo",
    detectors: [{ fitted: ebo, decision: makeDecision([1, 2, 3], { detector: "ebo", target: 0.9 }) }],
    ingredients: [],
    notes: { of: "a test" },
  });
  return writeModel(graph, { metadata: factsToMetadata(facts) });
}

function npy() {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117) + "\n";
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from([118, 0]),
    Buffer.from(header),
    Buffer.alloc(24, 1),
  ]);
}

function tar(members) {
  const blocks = members.flatMap(([name, body]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write("0000644\u00000000000\u00000000000\0", 100);
    header.write(`${body.length.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0${" ".repeat(8)}0`, 124);
    header.write("ustar\u000000", 257);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    return [header, body, Buffer.alloc(-body.length & 511)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function zip(members) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, body] of members) {
    const packed = deflateRawSync(body);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(body), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(body.length, 18);
    fields.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), fields, rest, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, list, Buffer.from("PK\x05\x06"), end]);
}

function idxImages(count, side) {
  const header = Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, side, 0, 0, 0, side]);
  return Buffer.concat([header, Buffer.alloc(count * side * side, 7)]);
}

/** Opens a source and reads all of it, as making an image set does. */
async function readAll(path) {
  const spec = { path, name: "fuzzed", labels: "ood" };
  const source = await (await readerOf(spec)).open(spec);
  const wanted = new Set(source.ids.keys());
  for await (const item of source.read(wanted))
    if ("bytes" in item)
      await decodeImage(item.bytes, item.id, { orientation: "apply", maxPixels }).catch(rethrowUnknown);
}

function rethrowUnknown(error) {
  if (typeof error?.code !== "string" || !/^OAL-[A-W]/.test(error.code)) throw error;
}

/**
 * Every target: an intact file, and how it is read, by `readBytes` or from a file by `readFile`. What is `packed` is damaged before or
 * after that.
 *
 * @returns {Promise<{ name: string, file: string, bytes: Uint8Array, packed?: (bytes: Uint8Array) => Uint8Array, readBytes?: (bytes: Uint8Array) => unknown, readFile?: (path: string) => unknown }[]>}
 */
export async function targets() {
  const noise = {
    create: {
      width: 9,
      height: 7,
      channels: 3,
      background: "teal",
      noise: { type: "gaussian", mean: 128, sigma: 40 },
    },
  };
  const picture = () => sharp(noise);
  const [png, jpeg, progressive] = await Promise.all([
    picture().png().toBuffer(),
    picture().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    picture().jpeg({ progressive: true }).toBuffer(),
  ]);
  const members = [
    ["ant/a.png", png],
    ["bee/b.jpg", jpeg],
  ];
  const image = {
    readBytes: async (bytes) => {
      pictureSize(bytes);
      orientationOf(bytes);
      await decodeImage(bytes, "picture", { orientation: "apply", maxPixels });
    },
  };
  const model = writeModel(classifier().graph, { metadata: { a: "b" } });
  const tensors = new Map([
    ["a.weight", float32Tensor([2, 3], [1, 2, 3, 4, 5, 6])],
    ["b", float32Tensor([], [1])],
  ]);
  return [
    { name: "onnx", file: "m.onnx", bytes: bundle(), readBytes: (bytes) => readModel(bytes) },
    { name: "onnx metadata", file: "m.onnx", bytes: model, readBytes: (bytes) => modelMetadata(bytes) },
    {
      name: "bundle",
      file: "m.onnx",
      bytes: bundle(),
      readFile: (path) => readBundle(path, { verify: false }),
    },
    {
      name: "safetensors",
      file: "w.safetensors",
      bytes: Buffer.concat([...safetensorsPieces(tensors, { by: "us" })]),
      readFile: (path) => readSafetensors(path),
    },
    { name: "npy", file: "a.npy", bytes: npy(), readBytes: (bytes) => readNpy(bytes) },
    {
      name: "idx",
      file: "train-images-idx3-ubyte",
      bytes: idxImages(3, 4),
      readFile: (path) => readAll(path),
    },
    {
      name: "idx.gz",
      file: "train-images-idx3-ubyte.gz",
      bytes: idxImages(3, 4),
      packed: gzipSync,
      readFile: (path) => readAll(path),
    },
    { name: "tar", file: "p.tar", bytes: tar(members), readFile: (path) => readAll(path) },
    {
      name: "tar.gz",
      file: "p.tar.gz",
      bytes: tar(members),
      packed: gzipSync,
      readFile: (path) => readAll(path),
    },
    { name: "zip", file: "p.zip", bytes: zip(members), readFile: (path) => readAll(path) },
    { name: "png", file: "p.png", bytes: png, ...image },
    { name: "jpeg", file: "p.jpg", bytes: jpeg, ...image },
    { name: "progressive jpeg", file: "p.jpg", bytes: progressive, ...image },
  ];
}
