/** What is said of outliers from files that do not fit a run, before anything is trained. */
import { describe, expect, it } from "vitest";
import type { SuppliedEmbeddings, SuppliedLatents } from "../outliers/supplied.js";
import { loadConfiguration } from "./configuration/index.js";
import { suppliedProblems } from "./suppliedProblems.js";

const latents: SuppliedLatents = {
  path: "l.npy",
  hash: "",
  count: 2,
  shape: [4, 8, 8],
  values: new Float32Array(512),
  labels: null,
};
const embeddings: SuppliedEmbeddings = {
  path: "e.npy",
  hash: "",
  count: 2,
  dimension: 8,
  values: new Float32Array(16),
  labels: Int32Array.of(0, 3),
};
const random = loadConfiguration("embedded", { set: ["mi.pairing=random"] });
const byClass = loadConfiguration("embedded");
const sentences = (...given: Parameters<typeof suppliedProblems>): string[] =>
  suppliedProblems(...given).map(({ code, message }) => `${code} ${message}`);

describe("outliers of a file", () => {
  it("without labels are for random pairs", () => {
    expect(sentences(random, { latents }, 4, undefined)).toEqual([]);
    expect(sentences(byClass, { latents }, 4, undefined)).toEqual([
      "OAL-T135 synthesis.latents: l.npy has no labels, and mi.pairing: class draws outliers by class",
    ]);
  });

  it("have the run's classes", () => {
    expect(sentences(byClass, { embeddings }, 4, undefined)).toEqual([]);
    expect(sentences(byClass, { embeddings }, 3, undefined)).toEqual([
      "OAL-T135 boundary.outliers: e.npy has label 3; the run has classes 0 to 2",
    ]);
  });

  it("are as long as what latents are made from, where some are", () => {
    expect(sentences(byClass, { embeddings }, 4, 8)).toEqual([]);
    expect(sentences(byClass, { embeddings }, 4, 16)).toEqual([
      "OAL-T135 boundary.outliers: e.npy has embeddings of 8 numbers, and latents are made from 16",
    ]);
    expect(sentences(random, { embeddings: { ...embeddings, labels: null } }, 4, 8)).toEqual([
      "OAL-T135 boundary.outliers: e.npy has no labels, and latents are made for the classes of embeddings",
    ]);
  });
});
