/** The CPU engine: what it tells of itself and of models, and steps with a state of their own. */
import { add, float32Tensor, Graph, mul, runOnce, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { cpuEngine } from "./cpu.js";

const scalar = (value: number): Tensor => float32Tensor([], [value]);
const engine = await cpuEngine({ threads: 1 });

/** next = state + rate * frozen; out = 10 state. */
function counting(): Graph {
  const graph = new Graph();
  const input = (name: string) => graph.input(name, { dtype: "float32", shape: [] });
  const state = input("state");
  graph.output("next", add(state, mul(input("rate"), input("frozen"))));
  graph.output("out", mul(state, 10));
  return graph;
}

const carried = [{ name: "state", next: "next" }, { name: "frozen" }];

describe("cpuEngine", () => {
  it("tells what it is", () => {
    const { device, name, version, threads, blockSize } = engine.facts;
    expect({ device, name, threads }).toEqual({ device: "cpu", name: "onnxruntime-node", threads: 1 });
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect([0, 8, 16]).toContain(blockSize);
  });

  it("has no block when it is told not to use any", async () => {
    expect((await cpuEngine({ blocked: false })).facts.blockSize).toBe(0);
  });

  it("tells names, element types and shapes of inputs and outputs", async () => {
    const graph = new Graph();
    const x = graph.input("x", { dtype: "float32", shape: [2, 3] });
    const pixels = graph.input("pixels", { dtype: "uint8", shape: [] });
    graph.output("sum", add(x, x));
    graph.output("same", pixels);
    const session = await engine.compile(graph);
    expect(session.inputs).toEqual([
      { name: "x", dtype: "float32", shape: [2, 3] },
      { name: "pixels", dtype: "uint8", shape: [] },
    ]);
    expect(session.outputs.map(({ name }) => name)).toEqual(["sum", "same"]);
    const { sum, ...rest } = await session.run(
      {
        x: float32Tensor([2, 3], [1, 2, 3, 4, 5, 6]),
        pixels: { dtype: "uint8", shape: [], data: Uint8Array.of(7) },
      },
      ["sum"],
    );
    expect([sum?.data, rest]).toEqual([Float32Array.of(2, 4, 6, 8, 10, 12), {}]);
    await session.release();
  });

  it("runs a graph once", async () => {
    const feeds = { state: scalar(1), rate: scalar(2), frozen: scalar(3) };
    expect((await runOnce(engine, counting(), feeds))["next"]?.data).toEqual(Float32Array.of(7));
  });
});

describe("a stepper", () => {
  it("carries its state from step to step and gives back the rest", async () => {
    const stepper = await engine.stepper(counting(), carried);
    await stepper.load(
      new Map([
        ["state", scalar(1)],
        ["frozen", scalar(3)],
      ]),
    );
    expect(await stepper.step({ rate: scalar(2) })).toEqual({ out: scalar(10) });
    expect(await stepper.step({ rate: scalar(1) })).toEqual({ out: scalar(70) });
    expect([...(await stepper.read())]).toEqual([
      ["state", scalar(10)],
      ["frozen", scalar(3)],
    ]);
    await stepper.load(new Map([["state", scalar(0)]]));
    expect([...(await stepper.read(["state"]))]).toEqual([["state", scalar(0)]]);
    await stepper.release();
  });

  it("refuses what it does not carry, and a step before all of it is there", async () => {
    const stepper = await engine.stepper(counting(), carried);
    await expect(stepper.load(new Map([["rate", scalar(1)]]))).rejects.toThrow("carries no such tensor");
    await stepper.load(new Map([["state", scalar(1)]]));
    await expect(stepper.read()).rejects.toThrow('"frozen": it was never loaded');
    await expect(stepper.step({ rate: scalar(1) })).rejects.toMatchObject({ code: "OAL-R102" });
    await stepper.release();
    await expect(engine.stepper(counting(), [{ name: "stat" }])).rejects.toMatchObject({ code: "OAL-R111" });
    await expect(engine.stepper(counting(), [{ name: "state", next: "nxt" }])).rejects.toMatchObject({
      code: "OAL-R111",
    });
  });
});
