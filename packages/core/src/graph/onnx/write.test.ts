/** The bytes of a model, read back field by field: what is written where, by onnx.proto's numbers. */
import { describe, expect, it } from "vitest";
import { add, argMax, reduceMax, relu } from "../functions/index.js";
import { float32Tensor } from "../tensor.js";
import { Graph } from "../value.js";
import { writeModel, type WriteOptions } from "./write.js";

/** One field of a message: its number, and a number or bytes. */
type Field = readonly [field: number, value: bigint | Uint8Array];

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = BigInt(bytes[at++] ?? 0);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return value;
      shift += 7n;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const [field, wire] = [key >> 3, key & 7];
    if (wire === 0) fields.push([field, varint()]);
    else {
      const length = wire === 5 ? 4 : Number(varint());
      fields.push([field, bytes.subarray(at, (at += length))]);
    }
  }
  return fields;
}

/** The messages (or texts) of a field. */
function parts(message: Uint8Array, field: number): Uint8Array[] {
  return fieldsOf(message).flatMap(([number, value]) =>
    number === field && value instanceof Uint8Array ? [value] : [],
  );
}
const texts = (message: Uint8Array, field: number): string[] =>
  parts(message, field).map((bytes) => new TextDecoder().decode(bytes));
const integers = (message: Uint8Array, field: number): bigint[] =>
  fieldsOf(message).flatMap(([number, value]) =>
    number === field && typeof value === "bigint" ? [BigInt.asIntN(64, value)] : [],
  );

/** Name and dimensions (sizes or symbols) of every input or output. */
function shapes(model: Uint8Array, field: number): [string, (string | bigint)[]][] {
  const [graph = new Uint8Array()] = parts(model, 7);
  return parts(graph, field).map((info) => {
    const dims = parts(info, 2)
      .flatMap((type) => parts(type, 1))
      .flatMap((tensor) => parts(tensor, 2))
      .flatMap((shape) => parts(shape, 1))
      .flatMap((dim): (string | bigint)[] => [...integers(dim, 1), ...texts(dim, 2)]);
    return [texts(info, 1)[0] ?? "", dims];
  });
}

function written(batch: number | string = 4, options?: WriteOptions): Uint8Array {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [batch, 3] });
  relu(add(x, 7)); // nothing reads it
  graph.output("y", add(x, graph.constant(float32Tensor([3], [1, 2, 300]))));
  graph.output("best", argMax(x, -1));
  graph.output("most", reduceMax(x, [1]));
  return writeModel(graph, options);
}

describe("a written model", () => {
  it("has open axes of inputs and outputs by their names", () => {
    expect(shapes(written(), 11)).toEqual([["x", [4n, 3n]]]);
    expect(shapes(written("N"), 11)).toEqual([["x", ["N", 3n]]]);
    const outputs = new Map(shapes(written("N"), 12));
    expect(outputs.get("y")).toEqual(["N", 3n]);
    expect(outputs.get("most")?.[0]).toBe("N");
  });

  it("has metadata as pairs of key and value", () => {
    const entries = parts(written(4, { metadata: { classes: "ant,bee", größe: "32" } }), 14);
    expect(entries.map((entry) => [texts(entry, 1), texts(entry, 2)])).toEqual([
      [["classes"], ["ant,bee"]],
      [["größe"], ["32"]],
    ]);
  });

  it("has negative attributes in full and constants as raw bytes", () => {
    const [graph = new Uint8Array()] = parts(written(), 7);
    const nodes = parts(graph, 1);
    const argMaxNode = nodes.find((node) => texts(node, 4)[0] === "ArgMax") ?? new Uint8Array();
    const axis = parts(argMaxNode, 5).find((attribute) => texts(attribute, 1)[0] === "axis");
    expect(axis && integers(axis, 3)).toEqual([-1n]);
    const three = parts(graph, 5).find((tensor) => integers(tensor, 1).join() === "3");
    const [raw] = three ? parts(three, 9) : [];
    expect(raw && [...new Float32Array(raw.slice().buffer)]).toEqual([1, 2, 300]);
    expect(nodes.map((node) => texts(node, 4)[0])).not.toContain("Relu");
  });
});
