/** Which runs would take outlier embeddings of another space for features of the teacher. */
import { describe, expect, it } from "vitest";
import type { SuppliedEmbeddings } from "../outliers/supplied.js";
import { loadConfiguration } from "./configuration/index.js";
import type { Configuration } from "./configuration/schema.js";
import { outlierSpaceProblems } from "./outlierSpace.js";
import { preflight } from "./preflight.js";

const tokens = ["synthesis.model=sd", "synthesis.prompt=the <name>"];
const latentExposure = "exposure.latentWeight=1";
const configured = (...set: string[]): Configuration => loadConfiguration("folder", { set });
const file = (dimension: number): SuppliedEmbeddings => ({
  path: "e.npy",
  hash: "",
  count: 1,
  dimension,
  values: new Float32Array(dimension),
  labels: Int32Array.of(0),
});
const told = (config: Configuration, embeddings?: SuppliedEmbeddings, recipe = "oal"): string[] =>
  outlierSpaceProblems(config, [recipe], embeddings ? { embeddings } : {}, () => 64).map(
    ({ code, message }) => `${code} ${message}`,
  );

describe("outlier embeddings among tokens", () => {
  it.each([
    [latentExposure, "exposure.latentWeight"],
    ["exposure.contrastWeight=0.1", "exposure.contrastWeight"],
  ])("are refused with %s", (set, key) => {
    expect(told(configured(...tokens, set))).toEqual([
      `OAL-C202 configuration: synthesis.align: recipe oal takes outlier embeddings for features of the teacher (${key}), and with synthesis.model they lie among its tokens: give synthesis.align: false, or ${key}: 0`,
    ]);
  });

  it("are refused with recipe fx", () => {
    expect(told(configured(...tokens), undefined, "fx")[0]).toContain("(featureExposure.weight)");
  });

  it("are taken where nothing compares them with features, or they are no tokens", () => {
    expect(told(configured(...tokens))).toEqual([]);
    expect(told(configured(...tokens), undefined, "kd")).toEqual([]);
    expect(told(configured(...tokens, latentExposure, "synthesis.align=false"))).toEqual([]);
    expect(told(configured(...tokens, latentExposure, "mi.pairing=instance"))).toEqual([]);
    const pictures = ["exposure.contrastWeight=0.1", "exposure.contrastNegatives=pictures"];
    expect(told(configured(...tokens, ...pictures))).toEqual([]);
    expect(told(configured(latentExposure))).toEqual([]);
  });
});

describe("outlier embeddings of a file", () => {
  it("have the width of the teacher's features where they are taken for some", () => {
    const given = "boundary.outliers=e.npy";
    expect(told(configured(given, latentExposure), file(32))).toEqual([
      "OAL-T135 boundary.outliers: e.npy has embeddings of 32 numbers, and recipe oal takes them for features of the teacher (exposure.latentWeight), which have 64",
    ]);
    expect(told(configured(given, latentExposure), file(64))).toEqual([]);
    expect(told(configured(given), file(32))).toEqual([]);
  });
});

it("a run is told before it starts", async () => {
  const config = loadConfiguration("embedded", { set: [...tokens, latentExposure] });
  const { problems } = await preflight(config, { methods: ["oal"], until: "student:oal" });
  expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining("among its tokens"));
  const apart = await preflight(config, { methods: ["oal"], until: "boundary" });
  expect(apart.problems.map(({ message }) => message).join()).not.toContain("among its tokens");
});
