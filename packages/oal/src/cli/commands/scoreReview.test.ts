/** The page of the most unknown pictures. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfTestPicture, type ScoredPicture } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import type { NamedPicture } from "../../bundle/pictures.js";
import { Review } from "./scoreReview.js";

const folder = mkdtempSync(join(tmpdir(), "oal-review-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a page of the most unknown pictures", () => {
  const result = (id: string, pValue: number, score: number): ScoredPicture => ({
    id,
    known: pValue > 0.05,
    label: "<cat>",
    classIndex: 0,
    confidence: 0.5,
    pValue,
    score,
    detector: "msp",
    top: [],
  });

  it("keeps as many as it may, in order, and says so", async () => {
    const review = await Review.begin(at("most.html"), 3);
    const pixels = selfTestPicture(18, 18);
    const given = [0.9, 0.04, 0.5, 0.04, 0.3].map((pValue, i) => result(`p${i}.png`, pValue, -i));
    async function* pictures(): AsyncGenerator<NamedPicture> {
      for (const { id } of given) yield { id, picture: pixels };
    }
    let next = 0;
    for await (const { picture } of review.watch(pictures())) {
      if (typeof picture === "function") await picture();
      await review.take(given[next++] ?? expect.fail("one too many"));
    }
    expect(await review.write("model m")).toBe(
      `${at("most.html")}: the 3 most unknown of 5 pictures, the most unknown first`,
    );
    const html = readFileSync(at("most.html"), "utf8");
    expect([...html.matchAll(/alt="(p\d)\.png"/g)].map(([, id]) => id)).toEqual(["p3", "p1", "p4"]);
    expect(html).toContain("3 known, 2 unknown");
    expect(html).toContain("nearest: &lt;cat&gt;");
    expect(html).not.toContain("<cat>");
    expect(html.match(/src="data:image\/jpeg;base64,\/9j\//g)).toHaveLength(3);
    await expect(Review.begin(folder)).rejects.toMatchObject({ code: "OAL-I101" });
  });
});
