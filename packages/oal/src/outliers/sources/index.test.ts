/** What every source says of itself: `oal list outliers` has nothing else to tell. */
import { describe, expect, it } from "vitest";
import { listedOutliers } from "../../cli/commands/listOutliers.js";
import { outlierSources } from "./index.js";
import { openSource } from "./plan.js";
import { memoryImageSet } from "../../data/imageSet.js";

describe("every outlier source", () => {
  const sections = outlierSources.all.flatMap(({ section }) => section ?? []);

  it("has a section of its own", () => {
    expect(new Set(sections).size).toBe(sections.length);
  });

  it.each(listedOutliers())("$id says formula, origin, making, and the reason of every default", (listed) => {
    for (const text of [listed.formula, listed.source, listed.made]) expect(text?.length).toBeGreaterThan(2);
    for (const [key, { description, reason }] of Object.entries(listed.parameters ?? {})) {
      expect(description, key).not.toBe("");
      expect(reason, key).not.toBe("not said");
    }
  });

  it("that is made in the batch gives pictures one by one, as a function of row, step and seed", async () => {
    const images = memoryImageSet(
      "train",
      Uint8Array.from({ length: 6 * 192 }, (_, i) => (i * 37) % 251),
      [0, 0, 0, 1, 1, 1],
      ["a", "b"],
    );
    const inBatch = outlierSources.all.filter(
      (source) => source.stages({}).length === 0 && source.members({}).length === 0,
    );
    expect(inBatch.length).toBeGreaterThan(3);
    for (const { id } of inBatch) {
      const open = () => openSource(id, { folders: {}, seed: 1, classes: 2, imageSize: 8, images }, {});
      const [one, other] = [await open(), await open()];
      other.pictures([3], 9);
      expect(other.pictures([4], 2), id).toEqual(one.pictures([4], 2));
    }
  });
});
