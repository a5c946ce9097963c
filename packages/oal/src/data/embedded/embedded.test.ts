import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { cosine, sine } from "./draws.js";
import { digitNames, makeDigits, makeEmbeddedSets, type EmbeddedSet } from "./index.js";
import { readOutlines, type OutlineFile } from "./outlines.js";

const COUNT = 64;
const sizes = { train: COUNT, validation: COUNT, test: COUNT, validationOod: COUNT, ood: COUNT };
const made = makeEmbeddedSets({ seed: 0, sizes });
const all = (sets: typeof made): EmbeddedSet[] => [
  sets.train,
  sets.validation,
  sets.test,
  sets.validationOod,
  ...Object.values(sets.near),
  ...Object.values(sets.far),
];
const hash = (set: EmbeddedSet): string =>
  createHash("sha256")
    .update(set.pixels.subarray(0, COUNT * 3072))
    .digest("hex")
    .slice(0, 16);
const families = (file: OutlineFile): Set<string> =>
  new Set(readOutlines(file).map((glyph) => glyph.source.split("/", 1)[0] ?? ""));

test("the first 64 images of every set have the same bits on every machine", () => {
  expect(Object.fromEntries(all(made).map((set) => [set.name, hash(set)]))).toMatchInlineSnapshot(`
    {
      "fields": "2f59b553ef3a6b5a",
      "letters": "c58a983aa57e3a98",
      "noise": "71e36db5577d4702",
      "scripts": "fffeacac6109f06e",
      "shapes": "4c90f292e02d13b1",
      "test": "8b2fd2eecae9f609",
      "textures": "14b7be0eda4d9949",
      "train": "8d7ebeebf5aaf8a0",
      "validation": "357f480c70c21748",
      "validation-ood": "b77ed57cb43389f6",
    }
  `);
});

test("an image depends on seed, set and index alone", () => {
  const longer = makeDigits("test", COUNT + 9, 0);
  expect(hash(longer)).toBe(hash(made.test));
  expect(hash(makeDigits("test", COUNT, 1))).not.toBe(hash(made.test));
  expect(new Set(all(made).map(hash)).size).toBe(10);
});

test("no font family is in two splits, and all 72 are there", () => {
  const splits = (["train", "validation", "test", "csId"] as const).map((split) =>
    families(`digits-${split}`),
  );
  expect(splits.map((split) => split.size)).toEqual([40, 8, 12, 12]);
  expect(new Set(splits.flatMap((split) => [...split])).size).toBe(72);
  for (const file of ["digits-train", "digits-validation", "digits-test", "digits-csId"] as const)
    expect(readOutlines(file).length).toBe(10 * families(file).size);
  for (const source of made.test.sources) expect(families("digits-test")).toContain(source.split("/", 1)[0]);
});

test("validation OOD shares no script, letter or texture with the test sets", () => {
  const scripts = [...families("scripts-test"), ...families("scripts-validation")];
  expect(new Set(scripts).size).toBe(12);
  expect(families("letters-test")).toEqual(families("digits-test"));
  const tested = new Set([...made.near.scripts.sources, ...made.far.textures.sources]);
  for (const source of made.validationOod.sources) expect(tested.has(source)).toBe(false);
});

test("no near-OOD glyph is a digit or an excluded look-alike", () => {
  const used = (["letters-test", "scripts-test", "scripts-validation"] as const).flatMap((file) =>
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
  for (const set of all(made)) {
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
    expect(() => makeEmbeddedSets({ seed: 0, sizes: { train } })).toThrow(/embedded set "train"/);
});

test("the polynomial sine is as close as a pixel needs", () => {
  for (let t = -2; t < 2; t += 0.013) {
    expect(sine(t)).toBeCloseTo(Math.sin(2 * Math.PI * t), 6);
    expect(cosine(t)).toBeCloseTo(Math.cos(2 * Math.PI * t), 6);
  }
});
