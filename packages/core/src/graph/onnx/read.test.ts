/** Models read back: what oal wrote comes back as it was, what is damaged is refused with a sentence. */
import { describe, expect, it } from "vitest";
import { Random } from "../../random/index.js";
import { add, conv2d, flatten, linear, mul, relu, reshape, stopGradient, topK } from "../functions/index.js";
import { tensorOf } from "../ops/broadcasting.js";
import { operators } from "../ops/index.js";
import { float32Tensor, sizeOf, toNumbers, type DType, type Tensor } from "../tensor.js";
import { evaluateReference } from "../interpret.js";
import { Graph } from "../value.js";
import { verifyGraph } from "../verify.js";
import { ProtobufWriter } from "./protobuf.js";
import { readModel } from "./read.js";
import { modelParts, writeModel } from "./write.js";

const metadata = { "oal.classes": '["ant","bee"]', größe: "32" };

/** A small classifier with an open batch. */
function classifier(): Graph {
  const graph = new Graph();
  const images = graph.input("images", { dtype: "float32", shape: ["batch", 3, 4, 4] });
  const weight = graph.constant(
    float32Tensor(
      [2, 3, 3, 3],
      Float32Array.from({ length: 54 }, (_, i) => Math.sin(i)),
    ),
    "weight",
  );
  const features = graph.scope("block", () => flatten(relu(conv2d(images, weight, null, { pads: 1 }))));
  const logits = linear(
    stopGradient(features),
    graph.constant(float32Tensor([5, 32], new Float32Array(160)), "head"),
  );
  graph.output("logits", mul(add(logits, 1), 0.5));
  graph.output("features", features);
  graph.output("best", topK(logits, 2).indices);
  return graph;
}

describe("a model that oal wrote", () => {
  const bytes = writeModel(classifier(), { metadata, name: "classifier" });

  it("is read with its metadata, its opset and its names", () => {
    const { graph, metadata: read, opsets, irVersion, producer, opaque, values } = readModel(bytes);
    expect(Object.fromEntries(read)).toEqual(metadata);
    expect([...opsets]).toEqual([["", 20]]);
    expect([irVersion, producer.name, opaque]).toEqual([10, "oal", []]);
    expect(graph.inputs.map(({ name, dims }) => [name, dims])).toEqual([["images", ["batch", 3, 4, 4]]]);
    expect([...graph.outputs.keys()]).toEqual(["logits", "features", "best"]);
    expect(values.get("weight")?.constant && [...(values.get("weight")?.constant?.data ?? [])][1]).toBe(
      Math.fround(Math.sin(1)),
    );
    expect(values.get("block/Relu_1")?.node?.path).toBe("block");
    verifyGraph(graph);
  });

  it("is written again byte for byte", () => {
    const again = writeModel(readModel(bytes).graph, { metadata, name: "classifier" });
    expect(Buffer.compare(again, bytes)).toBe(0);
  });

  it("takes numbers for its open axes", () => {
    const { graph } = readModel(bytes, { sizes: { batch: 7 } });
    expect(graph.outputs.get("logits")?.shape).toEqual([7, 5]);
  });

  it("may have its weights in a file beside it", () => {
    const graph = new Graph();
    const large = graph.constant(
      float32Tensor(
        [300, 2],
        Float32Array.from({ length: 600 }, (_, i) => Math.cos(i)),
      ),
      "large",
    );
    const small = graph.constant(float32Tensor([2], [1, 2]), "small");
    const other = graph.constant(
      float32Tensor(
        [300, 2],
        Float32Array.from({ length: 600 }, (_, i) => Math.tan(i)),
      ),
      "other",
    );
    graph.output("y", add(add(large, small), other));
    const { model, data } = modelParts(graph, { data: "model.onnx.data" });
    const outside = Buffer.concat(data);
    expect(outside.length).toBeGreaterThanOrEqual(4800);
    const read = readModel(Buffer.concat(model), {
      external: (location, offset, length) => {
        expect(location).toBe("model.onnx.data");
        return outside.subarray(offset, offset + length);
      },
    });
    for (const name of ["large", "small", "other"])
      expect(read.values.get(name)?.constant?.data).toEqual(
        graph.constants.find((constant) => constant.name === name)?.constant?.data,
      );
    expect(() => readModel(Buffer.concat(model))).toThrowError('in another file, "model.onnx.data"');
    expect(Buffer.compare(Buffer.concat(modelParts(graph).model), writeModel(graph))).toBe(0);
  });
});

describe("every operator of the table", () => {
  const readable = Object.values(operators).filter(
    (operator) => !("domain" in operator) && !("onnxType" in operator),
  );

  it.each(readable.map((operator) => [operator.name, operator] as const))(
    "%s is read as it was written",
    (_, operator) => {
      const graph = new Graph();
      const feeds: Record<string, Tensor> = {};
      operator.testPoints.forEach((point, index) => {
        const inputs = point.inputs.map((input, place) => {
          if (!input) return null;
          if (input.constant !== true) {
            feeds[`x${index}.${place}`] = float32Tensor(input.shape, new Float32Array(sizeOf(input.shape)));
            return graph.input(`x${index}.${place}`, input);
          }
          const values = input.values ?? [];
          return graph.constant(tensorOf(input.dtype, input.shape, values));
        });
        graph
          .node(operator, inputs, point.attributes)
          .forEach((value, place) => graph.output(`y${index}.${place}`, value));
      });
      const bytes = writeModel(graph);
      const { graph: read, opaque } = readModel(bytes);
      expect(opaque.map(({ reason }) => reason)).toEqual([]);
      // Whole numbers that are known already are constants once read.
      const isFolded = ["Range", "Shape", "Size"].includes(operator.name);
      if (isFolded) expect(evaluateReference(read, feeds)).toEqual(evaluateReference(graph, feeds));
      else {
        expect(read.nodes.map((node) => node.operator)).toEqual(graph.nodes.map((node) => node.operator));
        expect(Buffer.compare(writeModel(read), bytes)).toBe(0);
      }
    },
  );
});

describe("element types", () => {
  const tensors: Readonly<Record<DType, Tensor["data"]>> = {
    float32: Float32Array.of(1.5, -2),
    float64: Float64Array.of(1.1, -2),
    float16: Uint16Array.of(0x3e00, 0xc000),
    bfloat16: Uint16Array.of(0x3fc0, 0xc000),
    int8: Int8Array.of(1, -2),
    uint8: Uint8Array.of(1, 254),
    int16: Int16Array.of(1, -2),
    uint16: Uint16Array.of(1, 65534),
    int32: Int32Array.of(1, -2),
    uint32: Uint32Array.of(1, 2 ** 32 - 2),
    int64: BigInt64Array.of(1n, -2n),
    uint64: BigUint64Array.of(1n, 2n ** 64n - 2n),
    bool: Uint8Array.of(1, 0),
  };

  it.each(Object.entries(tensors))("%s is held, written and read", (name, data) => {
    const dtype = Object.keys(tensors).find((key): key is DType => key === name) ?? "float32";
    const graph = new Graph();
    graph.output("y", graph.constant({ dtype, shape: [2], data }, "x"));
    graph.output("z", graph.input("in", { dtype, shape: ["N"] }));
    const { graph: read, values } = readModel(writeModel(graph));
    expect(values.get("x")?.constant).toEqual({ dtype, shape: [2], data });
    expect(read.inputs[0]?.dtype).toBe(dtype);
  });

  it("of 16 bits are numbers like others", () => {
    const halves = Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7c00, 0xfc00, 0x8000);
    expect(toNumbers({ dtype: "float16", shape: [6], data: halves })).toEqual([
      1.5,
      -2,
      2 ** -24,
      Infinity,
      -Infinity,
      -0,
    ]);
    expect(toNumbers({ dtype: "bfloat16", shape: [2], data: Uint16Array.of(0x3fc0, 0xc000) })).toEqual([
      1.5, -2,
    ]);
  });

  it("that operators do not compute with are refused by them", () => {
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float16", shape: [2] });
    expect(() => relu(x)).toThrowError("float16, which oal holds but does not compute with");
    expect(() => reshape(x, [1, 2])).toThrowError("float16");
  });
});

describe("a file that is no readable model", () => {
  const bytes = writeModel(classifier(), { metadata });

  it("is refused wherever it is cut", () => {
    // Behind graph and opsets only pairs of metadata follow, which a file may have more or fewer of.
    const whole = writeModel(classifier()).length;
    for (let length = 0; length < whole; length += 7)
      expect(() => readModel(bytes.subarray(0, length))).toThrowError(
        expect.objectContaining({ code: expect.stringMatching(/^OAL-G11[02]$/) }),
      );
  });

  it("is refused or read, never anything else, whatever bits are turned", () => {
    const random = new Random(0, "bits");
    for (let trial = 0; trial < 400; trial++) {
      const damaged = bytes.slice();
      for (let bit = 0; bit < 3; bit++) {
        const at = random.integer(trial, bit, Math.min(damaged.length, 2200));
        damaged[at] = (damaged[at] ?? 0) ^ (1 << random.integer(trial, bit + 3, 8));
      }
      try {
        readModel(damaged);
      } catch (error) {
        expect(error, String(error instanceof Error ? error.stack : error)).toMatchObject({
          code: expect.stringMatching(/^OAL-(G1|C120)/),
        });
      }
    }
  });

  it.each<[string, (writer: ProtobufWriter) => void, string]>([
    ["nothing", () => undefined, "the file is empty"],
    ["a version alone", (writer) => writer.integer(1, 8), "holds no graph"],
    ["no end of a number", (writer) => writer.raw(Uint8Array.of(8, 255)), "ends in the middle of a number"],
    [
      "an endless number",
      (writer) => writer.raw(new Uint8Array(12).fill(255).fill(8, 0, 1)),
      "more than 64 bits",
    ],
    ["a promise", (writer) => writer.raw(Uint8Array.of(58, 200, 1)), "promises 200 bytes where 0 are left"],
    ["a group", (writer) => writer.raw(Uint8Array.of(11)), "wire type 3"],
    [
      "huge shapes",
      (writer) =>
        writer.message(7, (graph) =>
          graph.message(5, (tensor) =>
            tensor
              .integer(1, 2 ** 40)
              .integer(1, 2 ** 40)
              .integer(2, 1),
          ),
        ),
      "shape [1099511627776, 1099511627776]",
    ],
    [
      "a shape of too many bytes",
      (writer) =>
        writer.message(7, (graph) =>
          graph.message(5, (tensor) =>
            tensor
              .integer(1, 2 ** 40)
              .integer(2, 1)
              .string(8, "w"),
          ),
        ),
      "initialiser w has 0 elements of data where its shape [1099511627776]",
    ],
    [
      "a size below 0",
      (writer) =>
        writer.message(7, (graph) =>
          graph.message(5, (tensor) =>
            tensor
              .raw(Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1))
              .integer(2, 1)
              .string(8, "w"),
          ),
        ),
      "initialiser w has the shape [-1]",
    ],
    [
      "more data in a field than the shape asks for",
      (writer) =>
        writer.message(7, (graph) =>
          graph.message(5, (tensor) =>
            tensor.integer(1, 2).integer(2, 3).string(8, "w").bytes(5, new Uint8Array(1000)),
          ),
        ),
      "initialiser w has 1000 elements of data where its shape [2] asks for 2",
    ],
    [
      "data outside of another length",
      (writer) =>
        writer.message(7, (graph) =>
          graph.message(5, (tensor) =>
            tensor
              .integer(1, 2)
              .integer(2, 1)
              .string(8, "w")
              .message(13, (entry) => entry.string(1, "location").string(2, "weights.bin"))
              .message(13, (entry) => entry.string(1, "length").string(2, "99999999999999"))
              .integer(14, 1),
          ),
        ),
      'initialiser w has its data in the file "weights.bin", 99999999999999 bytes',
    ],
    [
      "a field in every two bytes",
      (writer) => writer.raw(new Uint8Array(2 ** 21 + 4).map((_, index) => (index % 2 === 0 ? 8 : 1))),
      "more than 1048576 fields",
    ],
    ["a PNG image", (writer) => writer.raw(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10)), "is a PNG image"],
    [
      "a PyTorch file",
      (writer) => writer.raw(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0)),
      "PyTorch's .pt and .pth files",
    ],
    [
      "a pointer of Git LFS",
      (writer) =>
        writer.raw(new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")),
      "pointer of Git LFS",
    ],
    [
      "a web page",
      (writer) => writer.raw(new TextEncoder().encode("<!DOCTYPE html><title>404</title>")),
      "is a web page",
    ],
    [
      "an opset of the future",
      (writer) =>
        writer.message(7, (graph) => graph.string(2, "g")).message(8, (opset) => opset.integer(2, 27)),
      "is of opset 27; opsets 7 to 26 are read",
    ],
    [
      "an opset of long ago",
      (writer) =>
        writer.message(7, (graph) => graph.string(2, "g")).message(8, (opset) => opset.integer(2, 6)),
      "is of opset 6; opsets 7 to 26 are read",
    ],
    [
      "a value larger than any memory",
      (writer) =>
        writer
          .message(8, (opset) => opset.integer(2, 20))
          .message(7, (graph) =>
            graph
              .message(5, (tensor) =>
                tensor
                  .integer(1, 1)
                  .integer(2, 7)
                  .string(8, "n")
                  .bytes(9, Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0)),
              )
              .message(1, (node) => node.string(1, "n").string(2, "b").string(4, "ConstantOfShape")),
          ),
      'the value "b" of the model would be float32[1099511627776]',
    ],
    [
      "nodes that wait for one another",
      (writer) =>
        writer
          .message(8, (opset) => opset.integer(2, 20))
          .message(7, (graph) =>
            graph
              .message(1, (node) => node.string(1, "b").string(2, "a").string(3, "first").string(4, "Relu"))
              .message(1, (node) => node.string(1, "a").string(2, "b").string(3, "second").string(4, "Relu")),
          ),
      'the Relu node "second" waits for the Relu node "first"',
    ],
    [
      "two values of one name",
      (writer) =>
        writer
          .message(8, (opset) => opset.integer(2, 20))
          .message(7, (graph) =>
            graph
              .message(5, (tensor) => tensor.integer(2, 1).string(8, "a").bytes(9, new Uint8Array(4)))
              .message(1, (node) => node.string(1, "a").string(2, "b").string(4, "Relu"))
              .message(1, (node) => node.string(1, "a").string(2, "b").string(4, "Neg")),
          ),
      'the Neg node of "b" computes "b", which is there already',
    ],
    [
      "operators that nothing knows, all of them",
      (writer) =>
        writer
          .message(8, (opset) => opset.integer(2, 20))
          .message(8, (opset) => opset.string(1, "my.ops").integer(2, 1))
          .message(7, (graph) =>
            graph
              .message(5, (tensor) => tensor.integer(2, 1).string(8, "a").bytes(9, new Uint8Array(4)))
              .message(1, (node) =>
                node.string(1, "a").string(2, "b").string(3, "n1").string(4, "Odd").string(7, "my.ops"),
              )
              .message(1, (node) => node.string(1, "b").string(2, "c").string(3, "n2").string(4, "Unheard")),
          ),
      'nothing here knows the Odd node "n1" (Odd of the domain "my.ops"), the Unheard node "n2"',
    ],
    [
      "a tensor of strings that has none",
      (writer) =>
        writer.message(7, (graph) => graph.message(5, (tensor) => tensor.integer(2, 8).string(8, "names"))),
      "initialiser names has 0 elements of data where its shape [] asks for 1",
    ],
    [
      "a reader of nothing",
      (writer) =>
        writer
          .message(8, (opset) => opset.integer(2, 20))
          .message(7, (graph) =>
            graph.message(1, (node) => node.string(1, "x").string(2, "y").string(4, "Relu")),
          ),
      'reads "x", which nothing computes',
    ],
  ])("is refused with a sentence: %s", (_, write, sentence) => {
    const writer = new ProtobufWriter();
    write(writer);
    expect(() => readModel(writer.finish())).toThrowError(sentence);
  });
});
