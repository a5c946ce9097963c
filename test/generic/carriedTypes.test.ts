/** Initialisers of element types that oal does not compute with: kept byte for byte, written back, and run where the engine runs them. */
import {
  float32Tensor,
  isOalError,
  readModel,
  reduceSum,
  toNumbers,
  writeModel,
  type Tensor,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { onnxFile, type FileGraph, type FileTensor } from "../onnxFile.js";

const x = float32Tensor([2, 3], [-4, -1, 0.5, 1, 2, 5]);
const matrix = { dims: [2, 3] } as const;

function file(nodes: FileGraph["nodes"], initialisers: Readonly<Record<string, FileTensor>>): Uint8Array {
  return onnxFile(
    { nodes, initialisers, inputs: { x: matrix }, outputs: { y: null } },
    { "": 21, "ai.onnx.ml": 4 },
  );
}

async function run(model: Uint8Array): Promise<Tensor | undefined> {
  const session = await testEngine.open(model);
  try {
    return (await session.run({ x }))["y"];
  } finally {
    await session.release();
  }
}

/** A step of half, and what adds the numbers of a tensor of few bits to `x`. */
const scale: FileTensor = { dims: [], values: [0.5] };
const dequantized: FileGraph["nodes"] = [
  ["DequantizeLinear", ["w", "scale"], ["d"]],
  ["Add", ["x", "d"], ["y"]],
];

const few = (code: number, ...bytes: number[]): FileTensor => ({
  dims: [2, 3],
  code,
  bytes: Uint8Array.from(bytes),
});

/** Numbers of few bits that lie in another file. */
const beside = (code: number, length: number): Uint8Array =>
  file(dequantized, { w: { dims: [2, 3], code, beside: ["w.bin", length] }, scale });

describe("an initialiser of", () => {
  it.each<[string, FileTensor, readonly number[]]>([
    // low half first: 1 -2, 3 -4, 5 -8
    ["int4", few(22, 0xe1, 0xc3, 0x85), [1, -2, 3, -4, 5, -8]],
    ["uint4", few(21, 0xe1, 0xc3, 0x85), [1, 14, 3, 12, 5, 8]],
    // sign, four bits of exponent (bias 7), three of fraction
    ["float8e4m3fn", few(17, 0x38, 0xb8, 0x40, 0x44, 0x00, 0x30), [1, -1, 2, 3, 0, 0.5]],
    // sign, five bits of exponent (bias 15), two of fraction
    ["float8e5m2", few(19, 0x3c, 0xbc, 0x40, 0x42, 0x00, 0x38), [1, -1, 2, 3, 0, 0.5]],
  ])("%s is computed with as the engine does", async (_, w, values) => {
    const bytes = file(dequantized, { w, scale });
    const { graph, opaque, values: named } = readModel(bytes);
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["DequantizeLinear"]);
    // what stands behind it is understood: the sizes are the tensor's
    expect(named.get("y")?.knownType).toEqual({ dtype: "float32", shape: [2, 3] });
    const written = writeModel(graph);
    expect(written.includes(w.bytes?.[0] ?? -1)).toBe(true);
    const wanted = values.map((value, place) => 0.5 * value + (toNumbers(x)[place] ?? 0));
    expect(toNumbers((await run(written)) ?? x)).toEqual(wanted);
    expect(await run(written)).toEqual(await run(bytes));
  });

  it("float8 is brought to float32 by a Cast, also where 16-bit floats are read as float32", async () => {
    const w = few(17, 0x38, 0xb8, 0x40, 0x44, 0x00, 0x30);
    const bytes = file(
      [
        ["Cast", ["w"], ["d"], { to: 1 }],
        ["Add", ["x", "d"], ["y"]],
      ],
      { w },
    );
    for (const halfPrecision of ["keep", "widen"] as const) {
      const { graph, values } = readModel(bytes, { halfPrecision });
      const y = values.get("y");
      if (!y) throw new Error("no y");
      graph.output("sum", reduceSum(y, [1]));
      expect(await run(writeModel(graph))).toEqual(await run(bytes));
    }
  });

  it("strings is looked up by ONNX Runtime's own operators", async () => {
    const names: FileTensor = { dims: [3], strings: ["emu", "größer", ""] };
    const bytes = onnxFile(
      {
        nodes: [
          ["Constant", [], ["more"], { value: { tensor: { dims: [1], strings: ["emu"] } } }],
          ["Concat", ["names", "more"], ["all"], { axis: 0 }],
          ["Shape", ["all"], ["count"]],
          ["Cast", ["count"], ["number"], { to: 1 }],
          ["Add", ["x", "number"], ["y"]],
        ],
        initialisers: { names },
        inputs: { x: matrix },
        outputs: { y: null },
      },
      { "": 21 },
    );
    const written = writeModel(readModel(bytes).graph);
    expect(toNumbers((await run(written)) ?? x)).toEqual(toNumbers(x).map((value) => value + 4));
    for (const word of ["emu", "größer"]) expect(Buffer.from(written).includes(word)).toBe(true);
  });

  it.each<[string, FileTensor]>([
    ["complex64", { dims: [1], code: 14, bytes: Uint8Array.from({ length: 8 }, (_, i) => 17 * i + 3) }],
    ["complex128", { dims: [1], code: 15, bytes: Uint8Array.from({ length: 16 }, (_, i) => 13 * i + 5) }],
    ["float4e2m1", { dims: [3], code: 23, bytes: Uint8Array.of(0xd7, 0x05) }],
    ["int4 in ONNX's int32_data", { dims: [3], code: 22, values: [0x5d, 0x07] }],
  ])("%s is written back with the same bytes", (_, w) => {
    const bytes = file(
      [
        ["Identity", ["w"], ["copy"]],
        ["Size", ["copy"], ["count"]],
        ["Cast", ["count"], ["number"], { to: 1 }],
        ["Add", ["x", "number"], ["y"]],
      ],
      { w },
    );
    const written = writeModel(readModel(bytes).graph);
    if (w.bytes) expect(Buffer.from(written).includes(Buffer.from(w.bytes))).toBe(true);
    const again = writeModel(readModel(written).graph);
    expect(again).toEqual(written);
  });

  it("data beside the model come in", async () => {
    const data = Uint8Array.of(0xe1, 0xc3, 0x85);
    const { graph } = readModel(beside(22, 3), { external: () => data });
    const own = file(dequantized, { w: few(22, ...data), scale });
    expect(await run(writeModel(graph))).toEqual(await run(own));
  });

  it.each<[string, () => Uint8Array, string]>([
    ["int4 with a byte too many", () => file(dequantized, { w: few(22, 1, 2, 3, 4), scale }), "has 4 bytes"],
    [
      "strings with one too few",
      () => file([["Identity", ["x"], ["y"]]], { w: { dims: [3], strings: ["a", "b"] } }),
      "has 2 elements of data where its shape [3] asks for 3",
    ],
    [
      "complex64 with half a number",
      () => file([["Identity", ["x"], ["y"]]], { w: { dims: [1], code: 14, bytes: new Uint8Array(4) } }),
      "has 4 bytes of data",
    ],
    ["float8 of a file that is not given", () => beside(17, 6), "which was not given"],
    [
      "a type that ONNX does not know",
      () => file([["Identity", ["x"], ["y"]]], { w: { dims: [1], code: 99, bytes: new Uint8Array(1) } }),
      "is of element type number 99",
    ],
  ])("%s is refused with a sentence", (_, made, sentence) => {
    expect(() => readModel(made())).toThrowError(sentence);
    try {
      readModel(made());
    } catch (error) {
      expect(isOalError(error)).toBe(true);
    }
  });
});
