/** The CPU engine: what it tells of itself and of models, and steps with a state of their own. */
import { add, float32Tensor, Graph, runOnce } from "oal-core";
import { describe, expect, it } from "vitest";
import { counting, describeSteps, scalar } from "../../../../../test/engines/stepping.js";
import { cpuEngine, cpuSettings } from "./cpu.js";

const engine = await cpuEngine({ threads: 1 });

describe("cpuEngine", () => {
  it("tells what it is", () => {
    const { device, name, version, threads, blockSize } = engine.facts;
    expect({ device, name, threads }).toEqual({ device: "cpu", name: "onnxruntime-node", threads: 1 });
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect([0, 8, 16]).toContain(blockSize);
  });

  it("lets go of the cores between two runs, whatever else is asked for", () => {
    const stopped = { force_spinning_stop: "1" };
    expect(cpuSettings(2, {}).extra).toEqual({ session: stopped });
    expect(cpuSettings(0, { optimization: "disabled" }).extra).toEqual({
      session: { ...stopped, disable_prepacking: "1" },
    });
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

describeSteps("a stepper of the CPU", engine);
