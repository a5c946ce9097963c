import { describe, expect, it } from "vitest";
import { loadManifest } from "../../testing/golden.js";
import { checkCase, hyperNumber } from "../goldenRun.js";
import { attentionLayer } from "./attention.js";

const manifest = loadManifest("layers");
describe.skipIf(!manifest)("attention layer against golden values", () => {
  for (const golden of manifest?.cases.filter(({ id }) => id.startsWith("mha")) ?? []) {
    it(golden.id, async () => {
      const missing = await checkCase(golden, ({ context, input }) => ({
        output: attentionLayer(
          context,
          input("x"),
          hyperNumber(golden, "heads"),
          golden.has("context", "input") ? input("context") : input("x"),
        ),
      }));
      // The attention weights are an inner value of the layer.
      expect(missing.filter((name) => name !== "attention")).toEqual([]);
    });
  }
});
