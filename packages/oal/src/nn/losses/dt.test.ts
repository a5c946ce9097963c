import { describe, expect, it } from "vitest";
import { loadManifest } from "../../testing/golden.js";
import { checkCase, hyperNumber } from "../goldenRun.js";
import { teacherAdapter } from "./dt.js";

const manifest = loadManifest("dt");
describe.skipIf(!manifest)("dt golden values", () => {
  for (const golden of manifest?.cases ?? []) {
    it(golden.id, async () => {
      const missing = await checkCase(
        golden,
        ({ context, input }) => ({
          output: teacherAdapter(context, input("x"), hyperNumber(golden, "out_dim")),
        }),
        golden.hyper["mode"] === "train",
      );
      expect(missing).toEqual([]);
    });
  }
});
