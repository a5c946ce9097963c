/** Functions that ONNX files define for themselves: opened where they consist of ONNX's own operators, else carried. */
import { float32Tensor, gradients, readModel, reduceSum, toNumbers, writeModel, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { onnxFile, type FileFunction, type FileGraph } from "../onnxFile.js";

const x = float32Tensor([2, 3], [-4, -1, 0.5, 1, 2, 5]);
const matrix = { dims: [2, 3] } as const;

/** y = slope x for x < 0, twice x otherwise, written as two functions of which one calls the other twice. */
const twice: FileFunction = {
  name: "Twice",
  domain: "local",
  inputs: ["a"],
  outputs: ["b"],
  nodes: [["Add", ["a", "a"], ["b"]]],
  opsets: { "": 20 },
};
const bent: FileFunction = {
  name: "Bent",
  domain: "local",
  inputs: ["x", "shift"],
  outputs: ["y", "half"],
  attributes: ["slope"],
  defaults: { power: { f: 1 } },
  nodes: [
    ["LeakyRelu", ["x"], ["t"], { alpha: { ofCall: "slope", type: 1 } }],
    ["Twice", ["t"], ["u"], {}, "local"],
    ["Clip", ["u", "shift"], ["y"]],
    ["Elu", ["t"], ["half"], { alpha: { ofCall: "power", type: 1 } }],
  ],
  opsets: { "": 20, local: 1 },
};

function file(nodes: FileGraph["nodes"], functions: readonly FileFunction[], opset = 20): Uint8Array {
  const graph: FileGraph = {
    nodes,
    inputs: { x: matrix },
    outputs: { y: matrix },
    initialisers: { least: { dims: [], values: [-1] } },
  };
  return onnxFile(graph, { "": opset, local: 1, "com.microsoft": 1 }, functions);
}

async function run(model: Uint8Array): Promise<Tensor | undefined> {
  const session = await testEngine.open(model);
  try {
    return (await session.run({ x }))["y"];
  } finally {
    await session.release();
  }
}

/** Operators of the graph as it is written. */
const operatorsOf = (bytes: Uint8Array): string[] =>
  [...readModel(bytes).graph.nodes].map(({ operator }) => operator.name);

describe("a function of ONNX's own operators", () => {
  const bytes = file(
    [
      ["Bent", ["x", "least"], ["a", "a2"], { slope: { f: 0.25 } }, "local"],
      ["Bent", ["a", ""], ["b", "b2"], { slope: { f: 0.5 }, power: { f: 3 } }, "local"],
      ["Add", ["b", "a2"], ["y"]],
    ],
    [bent, twice],
  );

  it("is opened wherever it is called, with its attributes, defaults and left out inputs", async () => {
    const { graph, opaque, values } = readModel(bytes);
    expect(opaque).toEqual([]);
    expect([...values.keys()]).toEqual(expect.arrayContaining(["a/t", "a/u", "b/t", "b2"]));
    const written = writeModel(graph);
    expect(operatorsOf(written).filter((name) => ["Bent", "Twice"].includes(name))).toEqual([]);
    const [found, wanted] = [await run(written), await run(bytes)];
    expect(found).toEqual(wanted);
    expect(new Set(toNumbers(found ?? x)).size).toBeGreaterThan(3);
  });

  it("is opened where an output is left out, which ONNX Runtime does not take", async () => {
    const with2 = (outputs: readonly string[]): Uint8Array =>
      file([["Bent", ["x"], outputs, { slope: { f: 0.25 } }, "local"]], [bent, twice]);
    expect(await run(writeModel(readModel(with2(["y"])).graph))).toEqual(await run(with2(["y", "z"])));
  });

  it("has a gradient", () => {
    const { graph, values } = readModel(bytes);
    const [from, to] = [values.get("x"), values.get("y")];
    if (!from || !to) throw new Error("no values");
    const [gradient] = gradients(reduceSum(to), [from]);
    expect(gradient?.dims).toEqual([2, 3]);
    graph.output("gradient", gradient ?? from);
  });

  it("takes names that are free", async () => {
    const odd = file(
      [
        ["Neg", ["x"], ["y/t"]],
        ["Bent", ["y/t"], ["y", "y/u"], { slope: { f: 0.25 } }, "local"],
      ],
      [bent, twice],
    );
    expect(await run(writeModel(readModel(odd).graph))).toEqual(await run(odd));
  });

  it("that hands an input on gives the call's output its name", async () => {
    const through: FileFunction = {
      ...twice,
      name: "Through",
      inputs: ["a"],
      outputs: ["a", "b"],
      nodes: [["Neg", ["a"], ["b"]]],
    };
    const { graph, opaque } = readModel(file([["Through", ["x"], ["y", "z"], {}, "local"]], [through]));
    expect(opaque).toEqual([]);
    expect(await run(writeModel(graph))).toEqual({ ...x, shape: [2, 3] });
  });
});

describe("a function is carried as it stands", () => {
  const gelu: FileFunction = {
    ...twice,
    name: "Mine",
    nodes: [["FastGelu", ["a"], ["b"], {}, "com.microsoft"]],
  };
  const looping: FileFunction = { ...twice, name: "Mine", nodes: [["Mine", ["a"], ["b"], {}, "local"]] };
  const branches: FileGraph = { nodes: [["Neg", ["a"], ["n"]]], outputs: { n: null } };
  const branching: FileFunction = {
    ...twice,
    name: "Mine",
    nodes: [
      ["ReduceSum", ["a"], ["s"], { keepdims: 0 }],
      ["Cast", ["s"], ["c"], { to: 9 }],
      ["If", ["c"], ["b"], { then_branch: { graph: branches }, else_branch: { graph: branches } }],
    ],
  };

  it.each([
    ["with operators of ONNX Runtime's own", { ...gelu, opsets: { "": 20, "com.microsoft": 1 } }],
    ["with graphs inside", branching],
  ])("%s", async (_, mine) => {
    const bytes = file([["Mine", ["x"], ["y"], {}, "local"]], [mine]);
    const { graph, opaque } = readModel(bytes);
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["Mine"]);
    expect(await run(writeModel(graph))).toEqual(await run(bytes));
  });

  it("that calls itself, without end of the reading", () => {
    const { opaque } = readModel(file([["Mine", ["x"], ["y"], {}, "local"]], [looping]));
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["Mine"]);
  });

  it("that calls others in a chain of thousands", () => {
    const chain = Array.from({ length: 5000 }, (_, place): FileFunction => ({
      ...twice,
      name: `Link${place}`,
      nodes: place === 0 ? [["Neg", ["a"], ["b"]]] : [[`Link${place - 1}`, ["a"], ["b"], {}, "local"]],
      opsets: { "": 20, local: 1 },
    }));
    const { opaque } = readModel(file([["Link4999", ["x"], ["y"], {}, "local"]], chain));
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["Link4999"]);
  });

  it("where opening would make more nodes than a file may have", () => {
    const levels = Array.from({ length: 26 }, (_, level): FileFunction => ({
      ...twice,
      name: `Level${level}`,
      nodes:
        level === 0
          ? [["Neg", ["a"], ["b"]]]
          : [
              [`Level${level - 1}`, ["a"], ["m"], {}, "local"],
              [`Level${level - 1}`, ["m"], ["b"], {}, "local"],
            ],
      opsets: { "": 20, local: 1 },
    }));
    const { opaque } = readModel(file([["Level25", ["x"], ["y"], {}, "local"]], levels));
    expect(opaque.map(({ node }) => node.operator.name)).toEqual(["Level25"]);
  });
});
