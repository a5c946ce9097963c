/** `oal inspect`: what it prints of a model of someone else, and how it refuses. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  conv2d,
  float32Tensor,
  gemm,
  Graph,
  reduceMean,
  relu,
  softmax,
  writeModel,
  type Tensor,
} from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oalInside } from "./inside.js";

const folder = mkdtempSync(join(tmpdir(), "oal-inspect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const numbers = (shape: readonly number[]): Tensor =>
  float32Tensor(
    shape,
    Array.from({ length: shape.reduce((all, size) => all * size, 1) }, (_, i) => Math.sin(i * i + 1)),
  );

beforeAll(async () => {
  const graph = new Graph();
  const x = graph.input("pixels", { dtype: "float32", shape: ["N", 3, 16, 16] });
  const map = relu(conv2d(x, graph.constant(numbers([4, 3, 3, 3]), "conv.weight"), null));
  const logits = gemm(reduceMean(map, [2, 3], false), graph.constant(numbers([3, 4]), "fc.weight"), null, {
    transB: true,
  });
  graph.output("probabilities", softmax(logits));
  writeFileSync(join(folder, "insects.onnx"), writeModel(graph));
  writeFileSync(join(folder, "labels.txt"), "ant\nbee\nwasp\n");
  mkdirSync(join(folder, "pictures"));
  for (const [index, background] of ["red", "green", "blue", "white"].entries())
    await sharp({ create: { width: 20 + index, height: 24, channels: 3, background } })
      .png()
      .toFile(join(folder, "pictures", `${index}.png`));
});

describe("oal inspect", () => {
  it("says what a model is, in lines", async () => {
    const { stdout, status } = await oalInside(["inspect", "insects.onnx", "--pictures", "pictures"], {
      cwd: folder,
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^insects\.onnx: a classifier of 3 classes \(ONNX file, oal\)\n/);
    for (const line of [
      /pictures {7}pixels, float32 \[batch, 3, 16, 16\]/,
      /shorter side to 18 pixels, centre of 16 x 16 \(bilinear\)/,
      /nothing says how pictures are cut: so oal fit shows them; oal run shows it whole ones/,
      /class scores {3}.*; the file puts out their softmax as probabilities/,
      /features {7}.*, 4 numbers: means over the pixels/,
      /last layer {5}Gemm fc\.weight: gives the class scores from the features to/,
      /maps {11}stage1 4 x 14 x 14/,
      /class names {4}ant; bee; wasp \(labels\.txt\)/,
      /normalisation .*\(by the pictures\)/,
      /How much more surely the model says the same .*, on 4 pictures: /,
      /parameters {5}120/,
      /gradients {6}flow through all of them/,
    ])
      expect(stdout).toMatch(line);
  });

  it("says it as JSON, with what was given", async () => {
    const args = ["inspect", "insects.onnx", "--json", "--mean", "0.5", "--std", "0.25,0.25,0.5", "--bgr"];
    const { stdout, status } = await oalInside(args, { cwd: folder });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "foreign",
      facts: { logits: { classes: 3, probabilities: true }, head: { weight: "fc.weight" } },
      normalisation: { source: "given", mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.5], order: "bgr" },
      classNames: ["ant", "bee", "wasp"],
      check: { alone: expect.any(Number), file: expect.any(Number), head: expect.any(Number) },
    });
  });

  it.each([
    [["insects.onnx", "--classes", "5"], "OAL-I148", 7],
    [["insects.onnx", "--size", "32"], "OAL-I150", 7],
    [["insects.onnx", "--features", "nothing.like.it"], "OAL-I147", 2],
    [["pictures"], "OAL-I155", 7],
    [["labels.txt"], "OAL-G112", 3],
    [["insects.onnx", "--pictures", "nowhere"], "OAL-D101", 3],
    [["insects.onnx", "--mean", "1,2"], "OAL-C102", 2],
  ])("%j is refused with %s", async (args, code, status) => {
    const ended = await oalInside(["inspect", ...args], { cwd: folder });
    expect(ended).toMatchObject({ status, stdout: "" });
    expect(ended.stderr).toMatch(new RegExp(`^${code} `));
  });
});
