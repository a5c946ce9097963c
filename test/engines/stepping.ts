/** What every engine's stepper keeps to, wherever its state lies. */
import { add, float32Tensor, Graph, mul, type Engine, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";

/** A float32 scalar. */
export const scalar = (value: number): Tensor => float32Tensor([], [value]);

/** next = state + rate * frozen; out = 10 state. */
export function counting(): Graph {
  const graph = new Graph();
  const input = (name: string) => graph.input(name, { dtype: "float32", shape: [] });
  const state = input("state");
  graph.output("next", add(state, mul(input("rate"), input("frozen"))));
  graph.output("out", mul(state, 10));
  return graph;
}

const carried = [{ name: "state", next: "next" }, { name: "frozen" }];

/** The tests, of an engine's stepper. */
export function describeSteps(name: string, engine: Engine): void {
  describe(name, () => {
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
      await expect(engine.stepper(counting(), [{ name: "stat" }])).rejects.toMatchObject({
        code: "OAL-R111",
      });
      await expect(engine.stepper(counting(), [{ name: "state", next: "nxt" }])).rejects.toMatchObject({
        code: "OAL-R111",
      });
    });
  });
}
