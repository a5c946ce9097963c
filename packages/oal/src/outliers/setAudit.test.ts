/** The audit of outlier pictures: how sure a teacher is, where pictures lie, and what a set fails by. */
import { Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { auditFault, setFigures, sharesBelow, sureness, type TeacherView } from "./setAudit.js";

const viewOf = (logits: readonly number[][], features: readonly number[][] = []): TeacherView => ({
  count: logits.length,
  classes: logits[0]?.length ?? 0,
  logits: Float32Array.from(logits.flat()),
  featureWidth: features[0]?.length ?? 0,
  features: Float32Array.from(features.flat()),
});

describe("how sure a teacher is", () => {
  it("is the log of the odds of its largest probability", () => {
    const logits = [
      [0.3, -1, 2],
      [5, 5, 5],
      [-4, 1, 0.5],
    ];
    const odds = logits.map((row) => {
      const sum = row.reduce((total, z) => total + Math.exp(z), 0);
      const p = Math.exp(Math.max(...row)) / sum;
      return Math.log(p / (1 - p));
    });
    sureness(viewOf(logits)).forEach((value, i) => expect(value).toBeCloseTo(odds[i] ?? 0, 5));
  });

  it("still tells apart what a probability rounds to 1", () => {
    const [one = 0, other = 0] = sureness(
      viewOf([
        [900, 0],
        [1000, 0],
      ]),
    );
    expect([one, other]).toEqual([900, 1000]);
  });
});

it("a share below counts ties half, and is 0 and 1 outside", () => {
  expect([...sharesBelow([0, 1, 2, 2.5, 9], [1, 2, 2, 4])]).toEqual([0, 0.125, 0.5, 0.75, 1]);
});

describe("the figures of a set", () => {
  const random = new Random(1, "figures");
  const known = viewOf(
    Array.from({ length: 40 }, (_, i) => [3 + i / 10, 0, 0]),
    Array.from({ length: 40 }, (_, i) => [1, i / 40]),
  );
  const bank = Float32Array.from([1, 0, 1, 0.5, 1, 1]);
  const figuresOf = (seen: TeacherView, distinct = seen.count) =>
    setFigures(testEngine, seen, known, bank, distinct);

  it("of known pictures are a half", async () => {
    const figures = await figuresOf(known);
    expect(figures.sure).toBe(0.5);
    expect(figures.near).toBeCloseTo(0.5, 1);
    expect(figures.fakes).toBe(figures.knownFakes);
    expect(figures.distance).toBe(figures.knownDistance);
    expect(figures.meanConfidence).toBe(figures.knownMeanConfidence);
    expect(auditFault(figures, { fakes: 0.5, distinct: 0.5 })).toMatch(
      /takes (\d+) % .* of which \1 % are both/,
    );
    expect(auditFault(figures, { fakes: 1, distinct: 0.5 })).toBeNull();
  });

  it("refuse a share of fakes only where more than chance is above the limit", () => {
    const limits = { fakes: 0.5, distinct: 0.5 };
    const share = { fakes: 6 / 36, knownFakes: 0.25, distinct: 1 };
    // 1/8 may be; sqrt(7/64/36 + 3/64/40) = 0.065, and 1.645 times that
    expect(auditFault({ ...share, count: 36, knownCount: 40 }, limits)).toBeNull();
    expect(auditFault({ ...share, fakes: 0.2315, count: 36, knownCount: 40 }, limits)).toBeNull();
    expect(auditFault({ ...share, fakes: 0.2325, count: 36, knownCount: 40 }, limits)).toMatch(
      /13 % may be \(audit\.fakes\), and by chance 23 % of 36 are/,
    );
    expect(auditFault({ ...share, count: 512, knownCount: 1000 }, limits)).toMatch(/takes 17 %/);
  });

  it("count no picture as a fake that the teacher is sure of but that lies elsewhere, nor one that is near but doubtful", async () => {
    const sure = viewOf([[90, 0, 0]], [[-1, 0]]);
    const near = viewOf([[0.1, 0, 0]], [[1, 1]]);
    expect(await figuresOf(sure)).toMatchObject({ sure: 1, near: 0, fakes: 0 });
    expect(await figuresOf(near)).toMatchObject({ sure: 0, near: 1, fakes: 0 });
    expect(await figuresOf(viewOf([[90, 0, 0]], [[1, 1]]))).toMatchObject({ sure: 1, near: 1, fakes: 1 });
  });

  it("of doubtful pictures elsewhere are small, their distance that of their angle", async () => {
    const seen = viewOf(
      Array.from({ length: 300 }, (_, i) => [random.integer(0, i, 2) / 10, 0, 0]),
      Array.from({ length: 300 }, () => [-3, 0]),
    );
    const figures = await figuresOf(seen);
    expect(figures).toMatchObject({ sure: 0, fakes: 0, near: 0, distinct: 1 });
    // the nearest of the bank is (1, 1): cos = -1 / sqrt 2
    expect(figures.distance).toBeCloseTo(Math.sqrt(2 + Math.SQRT2), 5);
    expect(figures.confidences[3]).toBeCloseTo(1, 5);
    expect(auditFault(figures, { fakes: 0.5, distinct: 0.5 })).toBeNull();
    const same = await figuresOf(seen, 3);
    expect(auditFault(same, { fakes: 0.5, distinct: 0.5 })).toMatch(/only 1 % of its pictures differ/);
  });
});
