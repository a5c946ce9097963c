/** A union: whose pictures a batch shows, and that it is made of what its members are made of. */
import { isOalError } from "oal-core";
import { describe, expect, it } from "vitest";
import { outlierSideData, type OutlierPictures } from "../../training/side/outliers.js";
import { loadConfiguration } from "../../pipeline/configuration/index.js";
import { planRecipe } from "../../pipeline/recipeNeeds.js";
import { planSource } from "./plan.js";
import { unionOf } from "./union.js";

/** Pictures of one pixel whose red is the member, whose green is the row and whose blue is the step. */
function numbered(member: number, count: number, classes?: number): OutlierPictures & { closed: boolean } {
  const set = {
    count,
    closed: false,
    pictures: (rows: ArrayLike<number>, step: number) =>
      Uint8Array.from(Array.from(rows).flatMap((row) => [member, row, step])),
    ...(classes === undefined
      ? {}
      : { teacherLogits: Float32Array.from({ length: count * classes }, (_, i) => 100 * member + i) }),
    close: () => void (set.closed = true),
  };
  return set;
}

const counts = (pictures: Uint8Array): number[] => {
  const found = [0, 0, 0];
  for (let i = 0; i < pictures.length; i += 3) found[pictures[i] ?? 0] = (found[pictures[i] ?? 0] ?? 0) + 1;
  return found;
};

describe("a batch of a union", () => {
  const members = [
    { id: "a", share: 5, pictures: numbered(0, 4) },
    { id: "b", share: 2, pictures: numbered(1, 100) },
    { id: "c", share: 0.3, pictures: numbered(2, 7) },
  ];
  const union = unionOf(members, 3);
  const batch = (step: number, size: number): Uint8Array =>
    union.pictures(union.choose?.(step, size) ?? [], step);

  it("has every member's share to within a picture, and exactly on average", () => {
    const wanted = [5, 2, 0.3].map((share) => (16 * share) / 7.3);
    const sums = [0, 0, 0];
    const steps = 400;
    for (let step = 0; step < steps; step++) {
      counts(batch(step, 16)).forEach((found, k) => {
        expect(Math.abs(found - (wanted[k] ?? 0))).toBeLessThan(1);
        sums[k] = (sums[k] ?? 0) + found;
      });
    }
    sums.forEach((sum, k) => expect(sum / steps).toBeCloseTo(wanted[k] ?? 0, 1));
  });

  it("shows every picture of a member as often as any other, made for the step", () => {
    const seen = new Map<number, number>();
    for (let step = 0; step < 70; step++) {
      const pictures = batch(step, 100);
      for (let i = 0; i < pictures.length; i += 3) {
        expect(pictures[i + 2]).toBe(step);
        if (pictures[i] === 1) seen.set(pictures[i + 1] ?? -1, (seen.get(pictures[i + 1] ?? -1) ?? 0) + 1);
      }
    }
    expect(seen.size).toBe(100);
    const times = [...seen.values()];
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(10);
  });

  it("is a function of seed and step", () => {
    expect(unionOf(members, 3).choose?.(11, 50)).toEqual(union.choose?.(11, 50));
    expect(unionOf(members, 4).choose?.(11, 50)).not.toEqual(union.choose?.(11, 50));
  });

  it("gives every picture its own place and logits, in whatever order rows are asked for", () => {
    const known = unionOf(
      [
        { id: "a", share: 1, pictures: numbered(0, 2, 2) },
        { id: "b", share: 1, pictures: numbered(1, 3, 2) },
      ],
      0,
    );
    expect([...known.pictures([4, 0, 2, 1], 9)]).toEqual([1, 2, 9, 0, 0, 9, 1, 0, 9, 0, 1, 9]);
    expect([...(known.teacherLogits ?? [])]).toEqual([0, 1, 2, 3, 100, 101, 102, 103, 104, 105]);
    const side = outlierSideData(known, {
      seed: 0,
      batchSize: 4,
      classes: 2,
      imageSize: 1,
      augmentation: { flip: "none" },
      fraction: 1,
    });
    const rows = Array.from(known.choose?.(0, 4) ?? []);
    const logits = side.find(({ name }) => name === "outlierTeacherLogits")?.rows(0, []).data;
    expect([...(logits ?? [])]).toEqual(
      rows.flatMap((row) => (row < 2 ? [2 * row, 2 * row + 1] : [96 + 2 * row, 97 + 2 * row])),
    );
  });

  it("has no logits where a member has none, and closes all", () => {
    const own = [numbered(0, 2, 2), numbered(1, 3)];
    const mixed = unionOf(
      own.map((pictures, i) => ({ id: String(i), share: 1, pictures })),
      0,
    );
    expect(mixed.teacherLogits).toBeUndefined();
    mixed.close?.();
    expect(own.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe("what a union is made of", () => {
  it("is the stages and sections of its members", () => {
    const settings = { union: { members: { phase: 1, latents: 2, jigsaw: 0 } } };
    const plan = planSource("union", settings);
    expect(plan.sources.map(({ id }) => id)).toEqual(["union", "phase", "latents"]);
    expect(plan).toMatchObject({ stages: ["latents"], sections: ["union"], hasTeacherLogits: false });
    expect(planSource("union", { union: { members: { latents: 1 } } }).hasTeacherLogits).toBe(true);
  });

  it("never is mix, cutmix or between unless they are asked for", () => {
    const members = planSource("union", {}).sources.map(({ id }) => id);
    expect(members).toContain("latents");
    for (const id of ["mix", "cutmix", "between"]) expect(members).not.toContain(id);
  });

  it("is refused for what a member is refused for, and where it is a member of itself", () => {
    const load = (members: string) => () =>
      loadConfiguration("embedded", { set: ["exposure.outliers=union", `union.members=${members}`] });
    expect(load("{phase: 1, rotate: 0}")).not.toThrow();
    expect(load("{phase: 1, rotate: 1}")).toThrow(/"rotate" gives no outliers here/);
    expect(load("{phase: 1, phases: 1}")).toThrow(/no outlier source "phases", did you mean "phase"/);
    expect(load("{phase: 0}")).toThrow(/one share at least above 0/);
    try {
      load("{union: 1}")();
      expect.unreachable();
    } catch (error) {
      expect(isOalError(error, "OAL-D180")).toBe(true);
    }
  });

  it("reaches the training with the section of every member", () => {
    const config = loadConfiguration("embedded", {
      set: ["exposure.outliers=union", "union.members={latents: 1, phase: 3}"],
    });
    const plan = planRecipe("oal", config);
    expect(plan.sourceSettings["union"]).toEqual({ members: { latents: 1, phase: 3 } });
    expect(plan.stages).toContain("latents");
  });
});
