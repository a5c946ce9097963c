/** The step that devices are timed by. */
import { countOperations, type CarriedTensor, type Engine, type Graph } from "oal-core";
import { expect, it } from "vitest";
import { cpuEngine } from "./cpu.js";
import { millisecondsAStep } from "./measuredStep.js";

it("trains: its loss falls from step to step, and the time of a step comes out", async () => {
  const cpu = await cpuEngine({ threads: 1 });
  const losses: number[] = [];
  let operations = 0;
  const watched: Engine = {
    ...cpu,
    stepper: async (graph: Graph, carried: readonly CarriedTensor[]) => {
      operations = countOperations(graph).products;
      const stepper = await cpu.stepper(graph, carried);
      return {
        ...stepper,
        step: async (feeds) => {
          const results = await stepper.step(feeds);
          losses.push(Number(results["loss"]?.data[0]));
          return results;
        },
      };
    },
  };
  expect(await millisecondsAStep(watched)).toBeGreaterThan(0);
  expect(losses).toHaveLength(8);
  expect(losses[7] ?? NaN).toBeLessThan(losses[0] ?? NaN);
  // As large as docs and decisions say.
  expect(operations / 1e9).toBeGreaterThan(4);
  expect(operations / 1e9).toBeLessThan(8);
});
