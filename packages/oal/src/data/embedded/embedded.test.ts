import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Random } from "oal-core";
import { cosine, Draws, sine } from "./draws.js";
import { digitNames, makeDigits, makeEmbeddedPart, type EmbeddedSet } from "./index.js";
import { boundsOf, readOutlines, type OutlineFile } from "./outlines.js";
import { inventSign } from "./validationOod.js";

const COUNT = 64;
const sizes = { train: COUNT, validation: COUNT, test: COUNT, validationOod: COUNT, ood: COUNT };
const parts = (["known", "choosing", "test", "unknown"] as const).map((part) =>
  Array.from(makeEmbeddedPart(part, { seed: 0, sizes }), ([, set]) => set),
);
const all = parts.flat();
const [known, choosing, tested, unknown] = parts;
const digitsOfTest = makeDigits("test", COUNT, 0);
const hash = (set: EmbeddedSet): string =>
  createHash("sha256")
    .update(set.pixels.subarray(0, COUNT * 3072))
    .digest("hex")
    .slice(0, 16);
const families = (file: OutlineFile): Set<string> =>
  new Set(readOutlines(file).map((glyph) => glyph.source.split("/", 1)[0] ?? ""));

test("the first 64 images of every set have the same bits on every machine", () => {
  expect(Object.fromEntries(all.map((set) => [set.name, hash(set)]))).toMatchInlineSnapshot(`
    {
      "drawings": "8daa18d1c1146743",
      "fields": "2f59b553ef3a6b5a",
      "letters": "c58a983aa57e3a98",
      "noise": "71e36db5577d4702",
      "scripts": "fffeacac6109f06e",
      "shapes": "4c90f292e02d13b1",
      "signs": "63204283719a787c",
      "test": "8b2fd2eecae9f609",
      "textures": "14b7be0eda4d9949",
      "train": "8d7ebeebf5aaf8a0",
      "validation": "357f480c70c21748",
    }
  `);
});

test("an image depends on seed, set and index alone", () => {
  const longer = makeDigits("test", COUNT + 9, 0);
  expect(hash(longer)).toBe(hash(digitsOfTest));
  expect(hash(makeDigits("test", COUNT, 1))).not.toBe(hash(digitsOfTest));
  expect(new Set(all.map(hash)).size).toBe(11);
});

test("no font family is in two splits, and all 72 are there", () => {
  const splits = (["train", "validation", "test", "csId"] as const).map((split) =>
    families(`digits-${split}`),
  );
  expect(splits.map((split) => split.size)).toEqual([40, 8, 12, 12]);
  expect(new Set(splits.flatMap((split) => [...split])).size).toBe(72);
  for (const file of ["digits-train", "digits-validation", "digits-test", "digits-csId"] as const)
    expect(readOutlines(file).length).toBe(10 * families(file).size);
  for (const source of digitsOfTest.sources)
    expect(families("digits-test")).toContain(source.split("/", 1)[0]);
});

test("what settings may be chosen by is of no kind that a test set has", () => {
  expect([known, choosing, tested, unknown].map((sets) => sets?.map(({ name }) => name))).toEqual([
    ["train", "validation"],
    ["signs", "drawings"],
    ["test"],
    ["letters", "scripts", "textures", "shapes", "noise", "fields"],
  ]);
  expect(families("letters-test")).toEqual(families("digits-test"));
  const kindsOf = (sets: readonly EmbeddedSet[] = []): Set<string> =>
    new Set(sets.flatMap(({ sources }) => sources.flatMap((source) => source.split("/"))));
  const shown = kindsOf([...(tested ?? []), ...(unknown ?? [])]);
  expect([...kindsOf(choosing)].filter((kind) => shown.has(kind))).toEqual([]);
});

test("a sign has two slanting strokes and a place where three meet, and its ink fills the unit box", () => {
  for (const source of choosing?.[0]?.sources ?? []) {
    const strokes = (source.split("/")[1] ?? "").split("-").map((pair) => Array.from(pair, Number));
    const slanting = strokes.filter(([from = 0, to = 0]) => to - from === 2 || to - from === 4);
    expect(slanting.length, source).toBeGreaterThanOrEqual(2);
    const ends = strokes.flat();
    const most = Math.max(...ends.map((end) => ends.filter((other) => other === end).length));
    expect(most, source).toBeGreaterThanOrEqual(3);
  }
  const [left, top, right, bottom] = boundsOf(inventSign(new Draws(new Random(3, "sign"), 0)).contours);
  expect(Math.max(bottom - top, 0.8 * (right - left))).toBeCloseTo(1, 6);
});

test("no near-OOD glyph is a digit or an excluded look-alike", () => {
  const used = (["letters-test", "scripts-test"] as const).flatMap((file) =>
    readOutlines(file).map((glyph) => glyph.character),
  );
  const lookAlikes = [
    ...Array.from("0123456789BCDGIOSZabgiloqstz"),
    "\u09e6",
    "\u0966",
    "\u0665",
    "\u05e1",
    "\u13da",
  ];
  for (const character of lookAlikes) expect(used).not.toContain(character);
});

test("labels, names and pixels have the promised form", () => {
  for (const set of all) {
    expect(set.pixels.length).toBe(COUNT * 3 * 32 * 32);
    expect(set.sources.length).toBe(COUNT);
    expect(set.sources.every((source) => source.includes("/"))).toBe(true);
    const isId = ["train", "validation", "test"].includes(set.name);
    expect(Array.from(set.labels)).toEqual(Array.from({ length: COUNT }, (_, i) => (isId ? i % 10 : -1)));
    expect(set.classNames).toEqual(isId ? digitNames : []);
    for (let i = 0; i < COUNT; i++) {
      const image = set.pixels.subarray(i * 3072, (i + 1) * 3072);
      expect(Math.max(...image) - Math.min(...image)).toBeGreaterThan(20);
    }
  }
});

test("sizes of zero are empty sets, broken ones an error", () => {
  expect(makeDigits("train", 0, 0).pixels.length).toBe(0);
  for (const train of [-1, 1.5, Number.NaN])
    expect(() => [...makeEmbeddedPart("known", { seed: 0, sizes: { ...sizes, train } })]).toThrow(
      /embedded set "train"/,
    );
});

test("at other sizes the sets without characters are drawn anew, as sharp as the size allows, not resized", () => {
  const few = { ...sizes, validationOod: 8, ood: 12 };
  for (const side of [48, 96]) {
    const made = ["choosing", "unknown"] as const;
    const sets = made.flatMap((part) => [...makeEmbeddedPart(part, { seed: 0, sizes: few, side })]);
    expect(sets.map(([name]) => name)).toEqual(["drawings", "textures", "shapes", "noise", "fields"]);
    for (const [name, { pixels, labels, sources }] of sets) {
      const plane = side * side;
      expect(pixels.length).toBe(labels.length * 3 * plane);
      expect(sources.slice(0, 4)).toEqual(all.find((set) => set.name === name)?.sources.slice(0, 4));
      // neighbours differ: a picture of 32 pixels made larger has long runs of equal steps
      for (let i = 0; i < labels.length; i++) {
        const green = pixels.subarray((3 * i + 1) * plane, (3 * i + 2) * plane);
        let turns = 0;
        for (let at = 2; at < side; at++) {
          const [a = 0, b = 0, c = 0] = green.subarray(at - 2, at + 1);
          if (b - a !== c - b) turns++;
        }
        expect(turns, `${name} ${i}`).toBeGreaterThan(side / 4);
      }
    }
  }
});

test("the polynomial sine is as close as a pixel needs", () => {
  for (let t = -2; t < 2; t += 0.013) {
    expect(sine(t)).toBeCloseTo(Math.sin(2 * Math.PI * t), 6);
    expect(cosine(t)).toBeCloseTo(Math.cos(2 * Math.PI * t), 6);
  }
});
