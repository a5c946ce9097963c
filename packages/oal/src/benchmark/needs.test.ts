/** What a benchmark says it needs covers what its detectors write meanwhile. */
import { detectors } from "oal-core";
import { describe, expect, it } from "vitest";
import { bankFileBytes, needsOf, needsSentences, type ModelNeeds } from "./needs.js";

const cifar = { logits: 10, features: 512 };
const imagenet = { logits: 1000, features: 2048 };
const bytes = (id: string, images: number, widths: typeof cifar, parameters = {}): number =>
  bankFileBytes(
    { detector: detectors.find(id), parameters },
    (group) => (group === "train" ? images : 0),
    widths,
  );

describe("the bank of a detector in files", () => {
  it("has a row for every training image, or for the share that the detector keeps", () => {
    // f and -|f|² / 2
    expect(bytes("knn", 50_000, cifar)).toBe(4 * 50_000 * 513);
    expect(bytes("combood", 20_000, imagenet)).toBe(4 * 20_000 * 2049);
    // f and p
    expect(bytes("relation", 20_000, imagenet)).toBe(4 * 20_000 * (2048 + 1000 + 1));
    expect(bytes("nnguide", 20_000, imagenet, { share: 0.5 })).toBe(4 * 51 * 200 * 3049);
  });

  it("is none where it fits in memory, and none of a detector without a bank", () => {
    expect(bytes("knn", 1000, cifar)).toBe(0);
    expect(bytes("nnguide", 50_000, cifar)).toBe(0);
    expect(bytes("nnguide", 50_000, cifar, { share: 1 })).toBe(4 * 50_000 * 523);
    expect(bytes("mds", 50_000, imagenet)).toBe(0);
  });
});

it("the largest bank is said, and counts where the disk is too small", async () => {
  const model = (bankBytes: number): ModelNeeds => ({
    name: "m",
    seed: 0,
    path: "m.onnx",
    images: 10,
    known: 10,
    rowBytes: 0,
    bankBytes,
  });
  const needs = await needsOf({
    models: [model(2e9), model(10.5e9)],
    inside: [],
    pictureBytes: 0,
    scoredImages: 10,
    seeds: 1,
    detectors: 1,
    classes: 10,
    testImages: 10,
    cache: ".",
  });
  const said = (free: number): string => needsSentences({ ...needs, free }).join("\n");
  expect(said(20e9)).toContain("up to 11 GB for a bank of training rows");
  expect(said(20e9)).not.toContain("more than the disk has left");
  expect(said(10e9)).toContain("more than the disk has left");
});
