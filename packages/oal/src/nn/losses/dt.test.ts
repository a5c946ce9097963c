import { describe, expect, it } from "vitest";
import type { Graph } from "oal-core";
import { loadManifest } from "../../testing/golden.js";
import { checkCase, hyperNumber } from "../../testing/goldenProgram.js";
import { teacherAdapter } from "./dt.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

const manifest = loadManifest("dt");
describe.skipIf(!manifest)("dt golden values", () => {
  for (const golden of manifest?.cases ?? []) {
    it(golden.id, async () => {
      const missing = await checkCase(golden, makeContext, ({ context, input }) => {
        const used = golden.hyper["mode"] === "train" ? context : context.frozenStatistics();
        return { output: teacherAdapter(used, input("x"), hyperNumber(golden, "out_dim")) };
      });
      expect(missing).toEqual([]);
    });
  }
});
