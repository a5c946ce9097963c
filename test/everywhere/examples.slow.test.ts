/** The examples for Node and Python, run as they stand on a model file and pictures of every kind. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pictureInput, selfTestPicture } from "oal-core";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../packages/oal/src/bundle/index.js";
import { Scorer } from "../../packages/oal/src/bundle/scorer.js";
import { decodeImage } from "../../packages/oal/src/data/decode.js";
import { testEngine as engine } from "../../packages/oal/src/testing/engine.js";
import { untrainedModel } from "../cli/untrainedModel.js";
import { missingPython, pythonWith } from "../python.js";

const example = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oal-examples-"));
const at = (name: string): string => join(folder, name);
const model = at("m.onnx");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const drawn = (width: number, height: number): Sharp =>
  sharp(Buffer.from(selfTestPicture(width, height).data), { raw: { width, height, channels: 3 } });

/** Larger and smaller than the model's, lying, of one odd pixel more, grey, as small as can be. */
const pictures: Readonly<Record<string, Sharp>> = {
  "large.jpg": drawn(611, 407).jpeg({ quality: 80 }),
  "high.png": drawn(33, 90).png(),
  "odd.png": drawn(17, 16).png(),
  "small.png": drawn(5, 9).png(),
  "dot.png": drawn(1, 1).png(),
  "turned.jpg": drawn(61, 47).withMetadata({ orientation: 8 }).jpeg(),
  "grey.jpg": drawn(61, 47).greyscale().jpeg(),
  "transparent.png": drawn(61, 47).ensureAlpha(0.5).png(),
};
const names = Object.keys(pictures);

beforeAll(async () => {
  await untrainedModel(model, ["cat", "dog", "emu"], { orientation: "apply", interpolation: "bicubic" });
  for (const [name, picture] of Object.entries(pictures)) await picture.toFile(at(name));
  writeFileSync(at("notes.jpg"), "hello");
});

function run(
  program: string,
  args: readonly string[],
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(program, args, { cwd: folder, encoding: "utf8" });
}

describe("the example for Node", () => {
  it("has a line for every picture, with the answers of the library", async () => {
    const { status, stdout, stderr } = run(process.execPath, [
      example("node/score.mjs"),
      model,
      ...names,
      "notes.jpg",
    ]);
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(names.length + 1);
    const scorer = await Scorer.open(model, { engine });
    for (const [i, name] of names.entries()) {
      const { label, pValue } = await scorer.score(at(name));
      expect(lines[i]).toContain(`${name}: ${label}`);
      expect(lines[i]).toContain(`p value ${pValue?.toFixed(3)}`);
    }
    await scorer.release();
    expect(lines.at(-1)).toBe("notes.jpg: its content is no picture that oal reads");
  });

  it("is as short as it is said to be", () => {
    expect(readFileSync(example("node/score.mjs"), "utf8").trim().split("\n").length).toBeLessThanOrEqual(20);
  });
});

const withPillow = pythonWith("PIL.Image, numpy");
const withEngine = pythonWith("onnxruntime, PIL.Image, numpy");

describe("the example for Python", () => {
  it.skipIf(withPillow === undefined)(
    `prepares pictures as Node does, bit for bit${missingPython(withPillow, "Pillow and numpy")}`,
    async () => {
      const facts = await readBundle(model);
      for (const [interpolation, layout, resize] of [
        ["bicubic", "nchw", facts.preprocessing.resize],
        ["bilinear", "nhwc", facts.preprocessing.resize],
        ["nearest", "nchw", facts.preprocessing.resize],
        ["bicubic", "nchw", [16, 16]],
        ["bilinear", "nhwc", [20, 23]],
      ] as const) {
        const rule = {
          ...facts,
          preprocessing: { ...facts.preprocessing, interpolation, resize },
          input: { ...facts.input, layout },
        };
        const asked = JSON.stringify({ preprocessing: rule.preprocessing, input: rule.input });
        const code = [
          "import json, sys; sys.path.insert(0, sys.argv[1])",
          "from PIL import Image; import score",
          "facts = json.loads(sys.argv[2])",
          "print(json.dumps([score.prepare(Image.open(name), facts).flatten().tolist() for name in sys.argv[3:]]))",
          "print(json.dumps(list(score.self_test_picture(97, 61).tobytes())))",
        ].join("\n");
        const { status, stdout, stderr } = run(withPillow ?? "", [
          "-c",
          code,
          example("python"),
          asked,
          ...names,
        ]);
        expect([status, stderr]).toEqual([0, ""]);
        const [prepared = "", selfTest = ""] = stdout.split("\n");
        const found: number[][] = JSON.parse(prepared);
        for (const [i, name] of names.entries()) {
          const image = await decodeImage(readFileSync(at(name)), name, rule.preprocessing);
          const different = Array.from(pictureInput(image, rule, name).data).filter(
            (value, k) => value !== found[i]?.[k],
          );
          expect([name, interpolation, found[i]?.length, different.length]).toEqual([
            name,
            interpolation,
            768,
            0,
          ]);
        }
        expect(Uint8Array.from(JSON.parse(selfTest))).toEqual(selfTestPicture(97, 61).data);
      }
    },
  );

  it.skipIf(withPillow === undefined)(
    `says of a picture that is larger than Pillow allows what it says of any that is too large${missingPython(withPillow, "Pillow and numpy")}`,
    async () => {
      const { preprocessing, input } = await readBundle(model);
      const code = [
        "import json, struct, sys, zlib; sys.path.insert(0, sys.argv[1])",
        "from PIL import Image; import score",
        "data = bytearray(open('dot.png', 'rb').read())",
        "data[16:24] = struct.pack('>II', 20000, 10000)",
        "data[29:33] = struct.pack('>I', zlib.crc32(data[12:29]))",
        "open('huge.png', 'wb').write(data)",
        "try: score.prepare(Image.open('huge.png'), json.loads(sys.argv[2]))",
        "except ValueError as error: print(error)",
      ].join("\n");
      const facts = JSON.stringify({ preprocessing, input });
      const { status, stdout } = run(withPillow ?? "", ["-c", code, example("python"), facts]);
      expect([status, stdout]).toEqual([0, "too many pixels\n"]);
    },
  );

  it.skipIf(withEngine === undefined)(
    `says what Node says${missingPython(withEngine, "onnxruntime, Pillow and numpy")}`,
    async () => {
      const { status, stdout } = run(withEngine ?? "", [
        example("python/score.py"),
        model,
        ...names,
        "notes.jpg",
      ]);
      expect(status).toBe(0);
      const lines = stdout.trim().split("\n");
      const scorer = await Scorer.open(model, { engine });
      for (const [i, name] of names.entries()) {
        const { label, confidence, pValue } = await scorer.score(at(name));
        const share = (100 * (confidence ?? 0)).toFixed(1);
        expect(lines[i]).toBe(`${name}: ${label}, ${share} %, p value ${pValue?.toFixed(3)}`);
      }
      await scorer.release();
      expect(lines.at(-1)).toMatch(/^notes\.jpg: cannot identify image file/);
    },
  );
});
