/** Models of other programs: read, extended, written back whole, and computed as before. */
import { existsSync, readFileSync } from "node:fs";
import {
  add,
  float32Tensor,
  gradients,
  Graph,
  mul,
  readModel,
  reduceSum,
  relu,
  softmax,
  toNumbers,
  useBlockedLayout,
  verifyGraph,
  writeModel,
  type Tensor,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { onnxFile, type FileGraph } from "../onnxFile.js";

const folder = new URL("../../../shared/models/", import.meta.url);
type Results = Record<string, Tensor>;

async function run(model: Uint8Array, feeds: Results): Promise<Results> {
  const session = await testEngine.open(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

const numbersOf = (results: Results, name: string): number[] => {
  const tensor = results[name];
  if (!tensor) throw new Error(`no output ${name}`);
  return toNumbers(tensor);
};

describe.each(["mobilenet_v1_0.25_224", "mobilenet_v2_1.0_224"])("the real classifier %s", (name) => {
  const path = new URL(`${name}/model.onnx`, folder);
  const isThere = existsSync(path);
  const image = float32Tensor(
    [1, 3, 224, 224],
    Float32Array.from({ length: 150528 }, (_, i) => Math.sin(i * i)),
  );

  it.skipIf(!isThere)("is understood whole and written back with the same results, bit for bit", async () => {
    const bytes = readFileSync(path);
    const { graph, opaque, opsets } = readModel(bytes);
    expect(opaque).toEqual([]);
    expect(opsets.get("")).toBe(17);
    verifyGraph(graph);
    const [before, after] = [
      await run(bytes, { input: image }),
      await run(writeModel(graph), { input: image }),
    ];
    expect(after["logits"]).toEqual(before["logits"]);
    expect(numbersOf(before, "logits").some((number) => number !== 0)).toBe(true);
  });

  it.skipIf(!isThere)("gives its features and the gradient of its image", async () => {
    const { graph, values } = readModel(readFileSync(path), { sizes: { N: 1 } });
    const [features, input, logits] = ["features", "input", "logits"].map((each) => values.get(each));
    if (!features || !input || !logits) throw new Error("a value is missing");
    graph.output("inner", features);
    const [slope] = gradients(reduceSum(softmax(logits)), [input]);
    if (slope) graph.output("slope", slope);
    const results = await run(writeModel(graph), { input: image });
    expect(results["inner"]?.shape).toEqual(features.shape);
    expect(results["slope"]?.shape).toEqual([1, 3, 224, 224]);
  });
});

const x = float32Tensor([2, 3], [-4, -1, 0.5, 1, 2, 5]);
const matrix = { dims: [2, 3] } as const;

/** A file of nodes from `x` [2, 3] to `y`. */
function file(
  nodes: FileGraph["nodes"],
  opset: number,
  more: Partial<FileGraph> & { opsets?: Record<string, number> } = {},
): Uint8Array {
  const { opsets = {}, ...graph } = more;
  return onnxFile(
    { nodes, inputs: { x: matrix }, outputs: { y: matrix }, ...graph },
    { "": opset, ...opsets },
  );
}

describe("a node that oal does not understand", () => {
  const hard = file(
    [
      ["Relu", ["x"], ["a"]],
      ["Hardmax", ["a"], ["b"]],
      ["Relu", ["b"], ["y"]],
    ],
    14,
    { values: { b: matrix } },
  );

  it("is kept, with the type that the file tells, and what follows is understood again", async () => {
    const { graph, opaque, values } = readModel(hard);
    expect(opaque.map(({ node, reason }) => [node.operator.name, reason])).toEqual([
      ["Hardmax", "oal has no such operator"],
    ]);
    expect(values.get("b")?.dims).toEqual([2, 3]);
    const [a, y] = [values.get("a"), values.get("y")];
    if (!a || !y) throw new Error("no values");
    graph.output("twice", mul(y, 2));
    const [before, after] = [await run(hard, { x }), await run(writeModel(graph), { x })];
    expect(after["y"]).toEqual(before["y"]);
    expect(numbersOf(after, "twice")).toEqual(numbersOf(before, "y").map((number) => 2 * number));
    expect(() => gradients(reduceSum(y), [a])).toThrowError(expect.objectContaining({ code: "OAL-G103" }));
    verifyGraph(graph);
  });

  it("outlives a rewrite and a second reading", async () => {
    const once = writeModel(useBlockedLayout(readModel(hard).graph, 8));
    const twice = writeModel(readModel(once).graph);
    expect(await run(twice, { x })).toEqual(await run(hard, { x }));
  });

  it("without a type makes what follows opaque too, until a type is given", async () => {
    const bytes = file(
      [
        ["Einsum", ["x"], ["b"], { equation: "ij->ij" }],
        ["Relu", ["b"], ["c"]],
        ["Softplus", ["c"], ["y"]],
      ],
      14,
      { outputs: { y: null } },
    );
    const { graph, opaque, values } = readModel(bytes);
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["Einsum", "Relu", "Softplus"]);
    const y = values.get("y");
    if (!y) throw new Error("no y");
    expect(() => relu(y)).toThrowError(expect.objectContaining({ code: "OAL-G115" }));
    expect(await run(writeModel(graph), { x })).toEqual(await run(bytes, { x }));
    const told = readModel(bytes, { types: { b: { dtype: "float32", shape: [2, 3] } } });
    expect(told.opaque.map(({ node }) => node.operator.name)).toEqual(["Einsum"]);
    expect(told.values.get("y")?.dims).toEqual([2, 3]);
  });

  it("may leave outputs out, or have more than oal computes", async () => {
    const bytes = onnxFile(
      {
        nodes: [
          ["Unique", ["image"], ["u", "", "", "counts"]],
          ["MaxPool", ["image"], ["y", "places"], { kernel_shape: [2, 2] }],
        ],
        inputs: { image: { dims: [1, 1, 3, 3] } },
        outputs: {
          u: { dims: [""] },
          counts: { dims: [""], code: 7 },
          y: { dims: [1, 1, 2, 2] },
          places: { dims: [1, 1, 2, 2], code: 7 },
        },
      },
      { "": 13 },
    );
    const { graph, opaque } = readModel(bytes);
    expect(opaque.map(({ reason }) => reason)).toEqual([
      "oal has no such operator",
      "it has outputs that oal does not compute",
    ]);
    const image = float32Tensor([1, 1, 3, 3], [1, 9, 2, 3, 4, 9, 8, 6, 1]);
    expect(await run(writeModel(graph), { image })).toEqual(await run(bytes, { image }));
  });

  it("is understood after all when what oal does not compute is read by nobody", async () => {
    const bytes = file(
      [
        ["Dropout", ["x"], ["a", "mask"], { ratio: { f: 0.5 } }],
        ["Relu", ["a"], ["y"]],
        ["Sigmoid", ["a"], ["aside"]],
      ],
      9,
    );
    const { graph, opaque, values } = readModel(bytes);
    expect(opaque).toEqual([]);
    expect(values.get("aside")?.dims).toEqual([2, 3]);
    expect(await run(writeModel(graph), { x })).toEqual(await run(bytes, { x }));
  });

  it("of another domain keeps its version", async () => {
    const bytes = file([["QuickGelu", ["x"], ["y"], { alpha: { f: 2 } }, "com.microsoft"]], 17, {
      opsets: { "com.microsoft": 1 },
    });
    const { graph, opsets } = readModel(bytes);
    expect([...opsets]).toEqual([
      ["", 17],
      ["com.microsoft", 1],
    ]);
    expect(await run(writeModel(graph), { x })).toEqual(await run(bytes, { x }));
    expect(readModel(writeModel(graph)).opsets.get("com.microsoft")).toBe(1);
  });

  it("of a domain that the file does not import is refused", () => {
    expect(() => readModel(file([["QuickGelu", ["x"], ["y"], {}, "com.microsoft"]], 17))).toThrowError(
      'a QuickGelu of the domain "com.microsoft", which the file does not import',
    );
  });
});

describe("graphs inside a node", () => {
  const branch = (node: FileGraph["nodes"][number]): FileGraph => ({
    nodes: [node],
    outputs: { out: matrix },
  });
  /** y = x > 0 somewhere ? h * h : -h with h = relu(x), which is an output too. */
  const bytes = file(
    [
      ["Relu", ["x"], ["h"]],
      ["ReduceMax", ["x"], ["m"], { keepdims: 0 }],
      ["Greater", ["m", "zero"], ["c"]],
      [
        "If",
        ["c"],
        ["y"],
        {
          then_branch: { graph: branch(["Mul", ["h", "h"], ["out"]]) },
          else_branch: { graph: branch(["Neg", ["h"], ["out"]]) },
        },
      ],
    ],
    13,
    { initialisers: { zero: { dims: [], values: [0] } }, outputs: { y: matrix, h: matrix } },
  );

  it("read values from around it, whatever those are called by then", async () => {
    const { graph, opaque } = readModel(bytes);
    expect(opaque.map(({ node }) => node.operator.name)).toContain("If");
    const written = writeModel(graph);
    expect(await run(written, { x })).toEqual(await run(bytes, { x }));
    // Once more, in a graph whose values all have other names.
    const copied = writeModel(useBlockedLayout(readModel(written).graph, 8));
    expect(await run(copied, { x })).toEqual(await run(bytes, { x }));
  });
});

describe("opsets", () => {
  /** Softmax of opset 11 takes everything behind the axis together. */
  const old = onnxFile(
    {
      nodes: [["Softmax", ["x"], ["y"]]],
      inputs: { x: { dims: [1, 2, 3] } },
      outputs: { y: { dims: [1, 2, 3] } },
    },
    { "": 11 },
  );
  const cube = float32Tensor([1, 2, 3], [-4, -1, 0.5, 1, 2, 5]);

  it("are chosen so that every node means what it meant", async () => {
    const { graph, values } = readModel(old);
    const y = values.get("y");
    if (!y) throw new Error("no y");
    graph.output("more", add(y, 1));
    const [before, after] = [await run(old, { x: cube }), await run(writeModel(graph), { x: cube })];
    expect(after["y"]).toEqual(before["y"]);
    expect(readModel(writeModel(graph)).opsets.get("")).toBeLessThan(13);
    expect(numbersOf(after, "y").reduce((sum, number) => sum + number, 0)).toBeCloseTo(1, 5);
  });

  it.each([21, 23, 26])("newer than the usual one are kept where a node needs them: %i", async (opset) => {
    const bytes = file(
      [
        ["Hardmax", ["x"], ["a"]],
        ["Relu", ["a"], ["y"]],
      ],
      opset,
      { values: { a: matrix } },
    );
    const written = writeModel(readModel(bytes).graph);
    expect(readModel(written).opsets.get("")).toBe(opset);
    expect(await run(written, { x })).toEqual(await run(bytes, { x }));
  });

  it("that do not go together are refused, naming node, operator and both", () => {
    const { graph, values } = readModel(old);
    const y = values.get("y");
    if (!y) throw new Error("no y");
    graph.output("sum", reduceSum(y, [2]));
    expect(() => writeModel(graph)).toThrowError(
      expect.objectContaining({
        code: "OAL-G116",
        message: expect.stringMatching(/y~2 is a Softmax of opset 11, .* opset 20/),
      }),
    );
  });

  it("of a file that mixes what is understood in a newer form with what is kept do not keep it from being written back", async () => {
    const bytes = file(
      [
        ["Hardmax", ["x"], ["h"]],
        ["ReduceSum", ["h"], ["s"], { axes: [1] }],
        ["Softmax", ["h"], ["p"], { axis: 0 }],
        ["Mul", ["p", "s"], ["y"]],
      ],
      11,
      { values: { h: matrix } },
    );
    const { graph, opaque } = readModel(bytes);
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["Hardmax", "ReduceSum", "Softmax", "Mul"]);
    expect(await run(writeModel(graph), { x })).toEqual(await run(bytes, { x }));
  });

  it("inside functions count too, for the engine computes those at the file's", async () => {
    const shares = (opset: number): Uint8Array =>
      onnxFile(
        {
          nodes: [["Shares", ["x"], ["y"], {}, "local"]],
          inputs: { x: { dims: [1, 2, 3] } },
          outputs: { y: { dims: [1, 2, 3] } },
        },
        { "": opset, local: 1 },
        [
          {
            name: "Shares",
            domain: "local",
            inputs: ["a"],
            outputs: ["b"],
            nodes: [["Softmax", ["a"], ["b"]]],
            opsets: { "": opset },
          },
        ],
      );
    const { graph } = readModel(shares(17));
    expect(await run(writeModel(graph), { x: cube })).toEqual(await run(shares(17), { x: cube }));
    const { graph: older, values } = readModel(shares(11));
    const y = values.get("y");
    if (!y) throw new Error("no y");
    expect(readModel(writeModel(older)).opsets.get("")).toBeLessThan(13);
    older.output("sum", reduceSum(y, [2]));
    expect(() => writeModel(older)).toThrowError("Softmax of opset 11");
  });
});

describe("constants", () => {
  it("are understood in every form that holds numbers", async () => {
    const bytes = file(
      [
        ["Constant", [], ["a"], { value_float: { f: 0.5 } }],
        ["Constant", [], ["b"], { value_floats: { floats: [1, 2, 3] } }],
        ["Constant", [], ["c"], { value: { tensor: { dims: [2, 1], values: [10, 20] } } }],
        ["Constant", [], ["d"], { value_ints: [0, -1] }],
        ["Add", ["x", "a"], ["e"]],
        ["Add", ["e", "b"], ["f"]],
        ["Add", ["f", "c"], ["g"]],
        ["Reshape", ["g", "d"], ["y"]],
      ],
      17,
    );
    const { graph, opaque } = readModel(bytes);
    expect(opaque).toEqual([]);
    expect(graph.nodes.map((node) => node.operator.name)).toEqual(["Add", "Add", "Add", "Reshape"]);
    expect(await run(writeModel(graph), { x })).toEqual(await run(bytes, { x }));
  });
});

describe("element types that oal only holds", () => {
  const tensors: readonly (readonly [code: number, Tensor])[] = [
    [3, { dtype: "int8", shape: [2], data: Int8Array.of(-5, 7) }],
    [4, { dtype: "uint16", shape: [2], data: Uint16Array.of(65535, 7) }],
    [5, { dtype: "int16", shape: [2], data: Int16Array.of(-5, 7) }],
    [10, { dtype: "float16", shape: [2], data: Uint16Array.of(0x3e00, 0xc000) }],
    [12, { dtype: "uint32", shape: [2], data: Uint32Array.of(4294967295, 7) }],
    [13, { dtype: "uint64", shape: [2], data: BigUint64Array.of(18446744073709551615n, 7n) }],
  ];

  it.each(tensors)("go through the engine and come back: %i", async (code, tensor) => {
    const type = { dims: ["N"], code };
    const bytes = onnxFile(
      { nodes: [["Identity", ["x"], ["y"]]], inputs: { x: type }, outputs: { y: type } },
      { "": 17 },
    );
    const { graph } = readModel(bytes);
    expect(graph.outputs.get("y")?.dtype).toBe(tensor.dtype);
    expect((await run(writeModel(graph), { x: tensor }))["y"]).toEqual(tensor);
  });

  it("are cast to those that it computes with", async () => {
    const bytes = onnxFile(
      {
        nodes: [
          ["Cast", ["x"], ["wide"], { to: 1 }],
          ["Relu", ["wide"], ["y"]],
        ],
        inputs: { x: { dims: [2], code: 10 } },
        outputs: { y: { dims: [2] } },
        values: { wide: { dims: [2] } },
      },
      { "": 17 },
    );
    const { graph, opaque } = readModel(bytes);
    expect(opaque).toEqual([]);
    const halves: Tensor = { dtype: "float16", shape: [2], data: Uint16Array.of(0x3e00, 0xc000) };
    expect(numbersOf(await run(writeModel(graph), { x: halves }), "y")).toEqual([1.5, 0]);
  });
});

it("a graph of two files has the versions of both, or says why not", () => {
  const quick = (version: number): Uint8Array =>
    file([["QuickGelu", ["x"], ["y"], {}, "com.microsoft"]], 17, { opsets: { "com.microsoft": version } });
  const graphs = [readModel(quick(1)).graph, readModel(quick(2)).graph];
  const joined = new Graph();
  graphs.forEach((graph, index) => {
    const [node] = graph.nodes;
    const input = joined.input(`x${index}`, { dtype: "float32", shape: [2, 3] });
    const [output] = node ? joined.node(node.operator, [input]) : [];
    if (output) joined.output(`y${index}`, output);
  });
  expect(() => writeModel(joined)).toThrowError("QuickGelu of opset");
});
