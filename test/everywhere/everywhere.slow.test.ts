/**
 * The same answer everywhere: 64 pictures through onnxruntime-node, onnxruntime-web in Node, onnxruntime in Python and onnxruntime-web in a real browser, for
 * a network of oal and a pretrained one of others, with every detector that a model file can hold.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decide, detectors, pictureInput, scoreTolerance } from "oal-core";
import * as node from "onnxruntime-node";
import * as web from "onnxruntime-web";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BundleFacts } from "../../packages/oal/src/bundle/facts.js";
import { Scorer } from "../../packages/oal/src/bundle/scorer.js";
import { testEngine as engine } from "../../packages/oal/src/testing/engine.js";
import { ask } from "./ask.mjs";
import { writeEverything } from "./bundles.js";
import { besidePage, missingChromium, serve, startChromium, type Site } from "./chromium.js";
import { digitModel, missingPhotos, photoModel, type AskedPicture } from "./models.js";
import { missingPython, pythonWith } from "../python.js";

/** What a network with maps and gradients cannot show here: twenty correct pictures of every class, a neuron that does not saturate. */
const lacking: readonly string[] = ["openmax", "nac_last"];
/** What it must show everywhere: all but those, and what reads heads that it has not. */
const demanded = detectors.all
  .filter(({ id, needs }) => !lacking.includes(id) && !needs.some((tap) => tap.startsWith("heads.")))
  .map(({ id }) => id);
const withEngine = pythonWith("onnxruntime, numpy");

const folder = mkdtempSync(join(tmpdir(), "oal-everywhere-"));
let browser: Browser | undefined;
beforeAll(async () => {
  if (missingChromium === null) browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A page that has the engine, oal-web and `ask` at hand. */
const askingPage = `<!doctype html><title>ask</title><script type="module">
import * as ort from "./ort.wasm.min.mjs";
import { openModel } from "./oal-web.js";
import { ask } from "./ask.mjs";
globalThis.here = { ort, openModel, ask };
</script>`;

async function openPage(site: Site | undefined): Promise<Page> {
  const page = await (browser ?? expect.fail("no browser")).newPage();
  await page.goto(site?.address ?? "");
  await page.waitForFunction(() => "here" in globalThis);
  return page;
}

type Answers = Record<string, number[]>;

/** Decisions of a detector that jumps may differ in one of 64 pictures. */
const agreeing = 63 / 64;

/** Every detector's scores within its tolerance of Node's, and its decisions Node's unless the score lies that close to the cut. */
function expectSame(facts: BundleFacts, wanted: Answers, found: Answers): void {
  let farthest = 0;
  for (const { id, outputs, decision, jumps } of facts.detectors) {
    const [scores, known] = [wanted[outputs.score] ?? [], wanted[outputs.known] ?? []];
    expect(scores).toHaveLength(64);
    expect(found[outputs.score]).toHaveLength(64);
    const same = known.map((value, i) => found[outputs.known]?.[i] === value);
    if (jumps) {
      expect(same.filter(Boolean).length / 64, id).toBeGreaterThanOrEqual(agreeing);
      continue;
    }
    scores.forEach((score, i) => {
      const other = found[outputs.score]?.[i] ?? Number.NaN;
      const allowed = scoreTolerance(decision, score);
      farthest = Math.max(farthest, Math.abs(other - score) / allowed);
      expect(Math.abs(other - score), `${id} of picture ${i}`).toBeLessThanOrEqual(allowed);
      const label = wanted["label"]?.[i] ?? 0;
      const near = [score - allowed, score + allowed].map((each) => decide(decision, each, label).known);
      if (near[0] === near[1]) expect(same[i], `${id} of picture ${i}`).toBe(true);
    });
  }
  const labels = wanted["label"]?.filter((label, i) => found["label"]?.[i] === label);
  expect(labels).toHaveLength(64);
  console.log(`scores differ by at most ${(1e-4 * farthest).toPrecision(2)} standard deviations`);
}

const models = [
  { name: "a residual network on digits", make: () => digitModel(), missing: null, ids: demanded },
  { name: "MobileNetV2 on photos", make: () => photoModel(), missing: missingPhotos, ids: [] },
];

describe.each(models)("$name", ({ make, missing, ids }) => {
  const path = join(folder, `${models.findIndex((model) => model.make === make)}.onnx`);
  let facts: BundleFacts;
  let pictures: readonly AskedPicture[];
  let model: Uint8Array;
  let pixels: Uint8Array;
  let shape: readonly number[];
  let names: readonly string[];
  let wanted: Answers;
  let site: Site | undefined;

  beforeAll(async () => {
    if (missing !== null) return;
    const made = await make();
    ({ pictures } = made);
    facts = await writeEverything(path, made.ingredients);
    model = new Uint8Array(readFileSync(path));
    const inputs = pictures.map(({ image, id }) => pictureInput(image, facts, id));
    shape = inputs[0]?.shape ?? [];
    pixels = Uint8Array.from(inputs.flatMap(({ data }) => Array.from(data)));
    names = ["label", ...facts.detectors.flatMap(({ outputs }) => [outputs.score, outputs.known])];
    wanted = await ask(node, model, pixels, shape, names);
    if (browser)
      site = await serve({
        ...besidePage,
        "index.html": new TextEncoder().encode(askingPage),
        "ask.mjs": join(import.meta.dirname, "ask.mjs"),
        "model.onnx": model,
        "pixels.bin": pixels,
        ...Object.fromEntries(pictures.flatMap(({ file }, i) => (file ? [[`${i}.jpg`, file]] : []))),
      });
  });
  afterAll(async () => site?.close());

  const reason = missing === null ? "" : ` (skipped: ${missing})`;

  it.skipIf(missing !== null)(`is asked with every detector and decides both ways${reason}`, () => {
    const held = facts.detectors.map(({ id }) => id);
    expect(held).toEqual(expect.arrayContaining(ids));
    expect(held.length).toBeGreaterThanOrEqual(4);
    const known = wanted["known"] ?? [];
    expect(known.filter((value) => value === 1).length).toBeGreaterThan(16);
    // Relations below its cut count as none, so that what is like no training picture ties at 0; Gram matrices within the bounds of
    // the training pictures deviate by nothing, so that many known pictures tie at 0.
    const least = (id: string): number => ({ relation: 32, gram: 16 })[id] ?? 48;
    for (const { id, outputs } of facts.detectors)
      expect(new Set(wanted[outputs.score]).size, id).toBeGreaterThan(least(id));
  });

  it.skipIf(missing !== null)(`says the same on the engine for the web in Node${reason}`, async () => {
    expectSame(facts, wanted, await ask(web, model, pixels, shape, names));
  });

  it.skipIf(missing !== null || withEngine === undefined)(
    `says the same in Python${reason}${missingPython(withEngine, "onnxruntime and numpy")}`,
    () => {
      const file = `${path}.pixels`;
      writeFileSync(file, pixels);
      const program = join(import.meta.dirname, "ask.py");
      const asked = [program, path, file, JSON.stringify(shape), JSON.stringify(names)];
      const { status, stdout, stderr } = spawnSync(withEngine ?? "", asked, {
        encoding: "utf8",
        maxBuffer: 1 << 28,
      });
      expect([status, stderr]).toEqual([0, ""]);
      const found: Answers = JSON.parse(stdout);
      expectSame(facts, wanted, found);
    },
  );

  const inBrowser = missing ?? missingChromium;
  it.skipIf(inBrowser !== null)(
    `says the same in Chromium${inBrowser === null ? "" : ` (skipped: ${inBrowser})`}`,
    async () => {
      const page = await openPage(site);
      const found = await page.evaluate(
        async ({ shape, names }) => {
          const { ort, ask } = Reflect.get(globalThis, "here");
          const [model, pixels] = await Promise.all(
            ["model.onnx", "pixels.bin"].map(async (name) => (await fetch(name)).arrayBuffer()),
          );
          const answers: Record<string, number[]> = await ask(
            ort,
            new Uint8Array(model ?? new ArrayBuffer()),
            new Uint8Array(pixels ?? new ArrayBuffer()),
            shape,
            names,
          );
          return answers;
        },
        { shape, names },
      );
      await page.close();
      expectSame(facts, wanted, found);
    },
  );

  it.skipIf(inBrowser !== null)(
    `decides the same of what Chromium itself decodes${inBrowser === null ? "" : ` (skipped: ${inBrowser})`}`,
    async () => {
      const files = pictures.flatMap(({ file }, i) => (file ? [i] : []));
      if (files.length === 0) return;
      const page = await openPage(site);
      const found = await page.evaluate(async (files) => {
        const { ort, openModel } = Reflect.get(globalThis, "here");
        const model = await openModel("model.onnx", { ort });
        const faults: string[] = await model.selfTest();
        const scores: number[] = [];
        for (const i of files) scores.push((await model.score(await (await fetch(`${i}.jpg`)).blob())).score);
        return { faults, scores };
      }, files);
      await page.close();
      expect(found.faults).toEqual([]);
      const scorer = await Scorer.open(path, { engine });
      const { decision } = scorer;
      const spread = scoreTolerance(decision, 0) * 1e4;
      let [other, farthest] = [0, 0];
      for (const [row, i] of files.entries()) {
        const here = await scorer.score(pictures[i]?.file ?? expect.fail("no file"));
        const score = here.score ?? Number.NaN;
        const there = found.scores[row] ?? Number.NaN;
        farthest = Math.max(farthest, Math.abs(score - there) / spread);
        if (decide(decision, there).known !== here.known) other += 1;
      }
      await scorer.release();
      console.log(
        `decoded by Chromium: ${other} of ${files.length} decisions differ, scores by ${farthest} deviations`,
      );
      expect(other).toBe(0);
      expect(farthest).toBeLessThan(0.05);
    },
  );
});
