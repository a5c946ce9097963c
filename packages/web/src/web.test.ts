/** oal-web on the engines for Node and for the web. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelMetadata, selfTestPicture, uint8Tensor } from "oal-core";
import * as node from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untrainedModel } from "../../../test/cli/untrainedModel.js";
import { Scorer } from "../../oal/src/bundle/scorer.js";
import { testEngine as engine } from "../../oal/src/testing/engine.js";
import { openModel } from "./index.js";
import { withoutOrientation } from "./orientation.js";

const folder = mkdtempSync(join(tmpdir(), "oal-web-"));
const path = join(folder, "m.onnx");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let bytes: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  await untrainedModel(path, ["cat", "dog", "emu"]);
  bytes = new Uint8Array(readFileSync(path));
});

/** Pictures that differ, with sides from 20 pixels on. */
const pictures = Array.from({ length: 6 }, (_, i) => selfTestPicture(20 + 9 * i, 70 - 8 * i));

describe("a model file", () => {
  it("says the same on the engine for the web as Node's scorer, and passes its self-test", async () => {
    const scorer = await Scorer.open(path, { engine });
    const model = await openModel(bytes, { ort: web });
    expect([model.detector, model.verified, model.facts.name]).toEqual(["msp", true, "untrained"]);
    expect(await model.selfTest()).toEqual([]);
    for (const picture of pictures) {
      const wanted = await scorer.score(picture);
      const found = await model.score(picture);
      expect(found).toMatchObject({ id: "picture", label: wanted.label, known: wanted.known });
      expect(found.pValue).toBe(wanted.pValue);
      expect(found.score).toBeCloseTo(wanted.score ?? Number.NaN, 5);
      expect(found.top.map(({ label }) => label)).toEqual(wanted.top.map(({ label }) => label));
    }
    await model.release();
    await scorer.release();
  });

  it("that squeezes whole pictures into its square does so on the web", async () => {
    const squeezing = join(folder, "squeezing.onnx");
    await untrainedModel(squeezing, ["cat", "dog", "emu"], { resize: [16, 16] });
    const scorer = await Scorer.open(squeezing, { engine });
    const model = await openModel(new Uint8Array(readFileSync(squeezing)), { ort: node });
    for (const picture of pictures) expect(await model.score(picture)).toEqual(await scorer.score(picture));
    await model.release();
    await scorer.release();
  });

  it("is asked on the engine for Node in the same words, with a threshold, pixels of 4 bytes, several at once", async () => {
    const model = await openModel(new Blob([bytes]), { ort: node, threshold: 2, top: 1 });
    const [first] = pictures;
    if (!first) throw new Error("no picture");
    const rgba = new Uint8ClampedArray(first.data.length / 0.75);
    for (let i = 0; i < rgba.length; i++)
      rgba[i] = i % 4 === 3 ? i : (first.data[3 * Math.floor(i / 4) + (i % 4)] ?? 0);
    const [a, b] = await Promise.all([model.score(first, "a"), model.score({ ...first, data: rgba }, "b")]);
    expect({ ...b, id: "a" }).toEqual(a);
    expect(a).toMatchObject({ known: false, top: [expect.anything()] });
    await model.release();
  });

  it("names what is wrong: other files, other formats, changed bytes, pictures that are none", async () => {
    const ort = node;
    const of = (given: Uint8Array<ArrayBuffer>): Promise<unknown> => openModel(given, { ort });
    await expect(of(new TextEncoder().encode("<!doctype html>"))).rejects.toMatchObject({ code: "OAL-G112" });
    const text = new TextDecoder("latin1").decode(bytes);
    const changed = (from: string, to: string): Uint8Array<ArrayBuffer> =>
      Uint8Array.from(text.replace(from, to), (character) => character.charCodeAt(0));
    await expect(of(changed("oal.format", "oal.farmat"))).rejects.toMatchObject({ code: "OAL-I143" });
    await expect(of(changed("oal.format\u0012\u00012", "oal.format\u0012\u00011"))).rejects.toMatchObject({
      code: "OAL-I144",
    });
    await expect(of(changed("untrained", "entrained"))).rejects.toMatchObject({
      code: "OAL-I103",
      message: "the model is damaged: its content has changed since it was written",
    });
    await expect(of(bytes.slice(0, 5000))).rejects.toMatchObject({ code: "OAL-G112" });
    await expect(openModel(bytes, { ort, detector: "knn" })).rejects.toMatchObject({ code: "OAL-E214" });
    await expect(openModel("http://127.0.0.1:9/m.onnx", { ort })).rejects.toMatchObject({ code: "OAL-I167" });
    const model = await openModel(bytes, { ort });
    const odd = await model.score({ width: 2, height: 2, data: new Uint8Array(5) }, "odd");
    expect(odd).toMatchObject({ id: "odd", known: null, error: { code: "OAL-D102" } });
    await model.release();
  });

  it("that computes something else fails its self-test", async () => {
    const model = await openModel(bytes, { ort: twisted });
    expect(await model.selfTest()).toEqual([expect.stringMatching(/^msp: score .* instead of /)]);
    await model.release();
  });
});

/** An engine whose scores are all a little too large. */
const twisted = {
  Tensor: node.Tensor,
  InferenceSession: {
    async create(model: Uint8Array) {
      const session = await node.InferenceSession.create(model, { logSeverityLevel: 3 });
      return {
        async run(feeds: Readonly<Record<string, node.Tensor>>) {
          const outputs = await session.run(feeds);
          const scores = outputs["score"]?.data;
          if (!(scores instanceof Float32Array)) throw new Error("no scores");
          const data = scores.map((score) => score + 0.001);
          return { ...outputs, score: { data, dims: [data.length] } };
        },
        release: () => session.release(),
      };
    },
  },
};

describe("the note of how a picture is to be turned", () => {
  it("is hidden, and nothing else changes", async () => {
    const { default: sharp } = await import("sharp");
    const { orientationOf } = await import("../../oal/src/data/pictures/orientation.js");
    const { decodeImage } = await import("../../oal/src/data/decode.js");
    const drawn = sharp(Buffer.from(selfTestPicture(9, 5).data), {
      raw: { width: 9, height: 5, channels: 3 },
    });
    for (const format of ["jpeg", "webp", "png"] as const) {
      const file = new Uint8Array(
        await drawn.clone().withMetadata({ orientation: 6 }).toFormat(format).toBuffer(),
      );
      const hidden = withoutOrientation(file);
      expect([orientationOf(file), orientationOf(hidden), hidden.length]).toEqual([6, 1, file.length]);
      if (format !== "png")
        expect(await decodeImage(hidden, format)).toEqual(await decodeImage(file, format));
    }
  });
});

describe("metadata of a model", () => {
  it("are read without the graph, and damaged ones refused", async () => {
    const { Graph, writeModel } = await import("oal-core");
    const graph = new Graph();
    graph.output("y", graph.constant(uint8Tensor([1], Uint8Array.of(1)), "y0"));
    const model = writeModel(graph, { metadata: { a: "1", é: "größer" } });
    expect([...modelMetadata(model)]).toEqual([
      ["a", "1"],
      ["é", "größer"],
    ]);
    for (let length = 1; length < model.length; length++) {
      try {
        modelMetadata(model.subarray(0, length));
      } catch (error) {
        expect(error).toMatchObject({ code: "OAL-G112" });
      }
    }
  });
});
