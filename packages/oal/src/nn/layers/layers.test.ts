import { describe, it } from "vitest";
import type { Graph } from "oal-core";
import { loadManifest } from "../../testing/golden.js";
import { checkCase, hyperNumber } from "../../testing/goldenProgram.js";
import { attentionLayer } from "./attention.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

const manifest = loadManifest("layers");
describe.skipIf(!manifest)("attention layer against golden values", () => {
  for (const golden of manifest?.cases.filter((golden) => golden.has("in_proj_weight")) ?? []) {
    it(golden.id, async () => {
      await checkCase(golden, makeContext, ({ context, input }) => ({
        output: attentionLayer(
          context,
          input("x"),
          hyperNumber(golden, "heads"),
          golden.has("context", "input") ? input("context") : input("x"),
        ),
      }));
      // The attention weights are an inner value of the layer; test/golden/layers.test.ts compares them.
    });
  }
});
