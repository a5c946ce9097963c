/** Which sources are looked at before students are shown them. */
import { expect, it } from "vitest";
import { isAudited } from "./auditOptions.js";
import { outlierSources } from "./sources/index.js";

it("are those that something is judged, chosen, or left out of by class", () => {
  const looked = (id: string, audit: object, keep: object = {}): boolean =>
    isAudited({ audit, keep }, outlierSources.find(id));
  expect(looked("phase", {})).toBe(true);
  expect(looked("phase", { sample: 0 })).toBe(false);
  expect(looked("phase", { sample: 0 }, { sources: { phase: [0, 0.5] } })).toBe(true);
  // classes that must not be turned are found without a sample too
  expect(looked("rotate", { sample: 0 })).toBe(true);
});
