/** A run's model is fitted anew to a folder of pictures: by the run folder, beside it, and by its file with all of its own classes. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { Random } from "oal/graph";
import { afterAll, beforeAll, expect, it } from "vitest";
import { oal } from "./cli/oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-fit-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const said = (args: readonly string[]): string => {
  const { stdout, stderr, status } = oal([...args], { cwd: folder });
  expect(status, stderr).toBe(0);
  return stdout;
};

beforeAll(async () => {
  process.env["OAL_CACHE"] = join(folder, "cache");
  writeFileSync(
    join(folder, "small.yaml"),
    `
threads: 1
methods: [ce]
data: { embedded: { train: 40, validation: 20, test: 20, validationOod: 20, ood: 20 } }
student: { network: resnetSmall, width: 4, epochs: 1, batchSize: 8 }
evaluation: { bootstrap: 0, detectors: [msp], scoreDetector: msp }
`,
  );
  for (const [c, name] of ["red", "green", "blue"].entries()) {
    mkdirSync(join(folder, "known", name), { recursive: true });
    for (let i = 0; i < 16; i++) {
      const noise = new Random(i, name).uniforms(0, 32 * 32 * 3);
      const pixels = Uint8Array.from(noise, (u, at) => (at % 3 === c ? 150 : 40) + 60 * u);
      const raw = { width: 32, height: 32, channels: 3 } as const;
      await sharp(pixels, { raw })
        .png()
        .toFile(join(folder, "known", name, `${i}.png`));
    }
  }
  said(["run", "small.yaml", "--out", "small"]);
}, 120_000);

it("takes a run folder, and leaves the run as it is", () => {
  const before = readFileSync(join(folder, "small", "models", "ce.onnx"));
  expect(said(["fit", "small", "--id", "known"])).toContain("A new last layer for the 3 folders is fitted");
  expect(readFileSync(join(folder, "small", "models", "ce.onnx")).equals(before)).toBe(true);
  expect(existsSync(join(folder, "small-fit", "small.onnx"))).toBe(true);
  const fit: unknown = JSON.parse(readFileSync(join(folder, "small-fit", "fit.json"), "utf8"));
  expect(fit).toMatchObject({
    name: "small",
    model: { kind: "run" },
    known: { classNames: ["blue", "green", "red"] },
  });
  expect(said(["score", "small-fit", "known/red/0.png"])).toContain("model small of small-fit");
}, 120_000);

it("takes the run's file, and all classes of it", () => {
  const text = said(["fit", "small/models/ce.onnx", "--id", "known", "--known", "model", "--out", "all"]);
  expect(text).toContain("Known are all 10 classes of the model, and its own last layer is used.");
  expect(text).toContain("all/ce.onnx");
}, 120_000);
