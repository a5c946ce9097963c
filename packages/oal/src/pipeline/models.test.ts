/** Models of others in a configuration: their size rules, and what does not fit is told before anything is decoded. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { foreignModel } from "../testing/foreignModel.js";
import { loadConfiguration } from "./configuration/index.js";
import { finetuneOf } from "./configuration/initSection.js";
import { preflight } from "./preflight.js";

const root = mkdtempSync(join(tmpdir(), "oal-run-models-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeFileSync(join(root, "m.onnx"), foreignModel(24));
for (const name of ["ant", "bee", "cow"]) {
  mkdirSync(join(root, "photos", name), { recursive: true });
  for (let i = 0; i < 10; i++) writeFileSync(join(root, "photos", name, `${i}.png`), "\x89PNG");
}

const load = (preset: string | undefined, init: string | undefined, ...set: string[]) =>
  loadConfiguration(preset, {
    cwd: root,
    data: "photos",
    ...(init === undefined ? {} : { init }),
    set: ["student.augmentation.padding=2", ...set],
  });

async function told(config: ReturnType<typeof load>, methods = config.methods): Promise<string[]> {
  const { problems } = await preflight(config, { methods, until: "report" });
  return problems.map(({ code, message }) => `${code} ${message}`);
}

describe("the size of pictures", () => {
  it("is the model's, unless the user says another", () => {
    expect(load(undefined, "m.onnx").preset).toBe("photos");
    expect(load(undefined, "m.onnx").data.size).toBe(24);
    expect(load("photos", "m.onnx", "data.size=32").data.size).toBe(32);
    expect(load("photos", "gone.onnx").data.size).toBe(224);
    expect(load(undefined, undefined).data.size).toBe(32);
  });

  it("is refused where it is another", async () => {
    expect(await told(load("photos", "m.onnx", "data.size=32"))).toEqual([
      "OAL-C211 init.model: the model takes pictures of 24 x 24 pixels, data.size is 32",
    ]);
  });
});

describe("what a model cannot be asked for", () => {
  it.each([
    ["init.frozen=nothing", 'OAL-C211 init.frozen: the model has no value "nothing"'],
    [
      "init.frozen=0.1",
      "OAL-C211 init.frozen: 0.1 is less than its first cut, 1 of 3 layers: take 0.334 or more",
    ],
    [
      "methods=[fx]",
      "OAL-C202 configuration: teacher.model: recipe fx makes outliers of the teacher's features",
    ],
    [
      "teacher={model: m.onnx, precision: int8}",
      "OAL-C202 configuration: teacher.precision: int8 holds for outputs",
    ],
    [
      "data.leaveOut=bea",
      'OAL-C202 configuration: data.leaveOut: there is no class "bea", did you mean "bee"?',
    ],
  ])("%s", async (set, expected) => {
    const more = set.startsWith("teacher") ? ["methods=[kd]", "kd.teacherView=same"] : [];
    const [first] = await told(load("photos", "m.onnx", set, ...more));
    expect(first).toContain(expected);
  });

  it("is nothing where all fits", async () => {
    expect(await told(load("photos", "m.onnx", "init.batchNorm=adapt", "data.leaveOut=bee"))).toEqual([]);
  });

  it("is what needs one where there is none", async () => {
    expect(await told(load("photos", undefined))).toEqual([
      "OAL-C202 configuration: init.model: the preset photos starts from a pretrained model: give one with --init MODEL (an ONNX file)",
    ]);
    expect(await told(load("folder", undefined, "methods=[head]"))).toEqual([
      "OAL-C202 configuration: methods: recipe head trains nothing, so there must be a model that it is: give one with --init MODEL (an ONNX file)",
    ]);
  });
});

describe("a teacher that is to be trained", () => {
  const teaches = (...set: string[]) =>
    load("folder", undefined, "teacher.model=m.onnx", "methods=[kd]", "data.size=24", ...set);

  it("takes the keys of that training, and of no other", () => {
    const config = teaches(
      "teacher.finetune.when=always",
      "teacher.finetune.epochs=2",
      "teacher.augmentation.flip=random",
      "teacher.keep=best",
    );
    expect(finetuneOf(config)).toMatchObject({ epochs: 2, learningRate: 1e-4, rate: 0.01, minFactor: 1e-4 });
    expect(config.teacher).toMatchObject({ keep: "best", augmentation: { flip: "random" } });
    expect(() => teaches("teacher.finetune.when=always", "teacher.epochs=3")).toThrow(
      "has no effect with teacher.model, trained by teacher.finetune",
    );
    expect(() => teaches("teacher.finetune.epochs=3")).toThrow(
      "has no effect with teacher.finetune.when: never",
    );
    expect(() => load("folder", undefined, "teacher.finetune.when=always")).toThrow(
      "has no effect with no teacher.model",
    );
  });

  it("is refused before anything is decoded where it cannot be", async () => {
    expect(await told(teaches("teacher.finetune.when=newClasses", "teacher.finetune.frozen=0.1"))).toEqual([
      expect.stringContaining("OAL-C211 teacher.finetune.frozen: 0.1 is less than its first cut"),
    ]);
    expect(await told(teaches("teacher.finetune.when=always", "teacher.finetune.frozen=0.5"))).toEqual([]);
  });

  it("is one that does not know the classes in mode official, with a new head and its best epoch", () => {
    const official = teaches("mode=official");
    expect(finetuneOf(official)).toMatchObject({ when: "newClasses", head: "new", epochs: 50 });
    expect(official.teacher).toMatchObject({ keep: "best", rest: "train" });
    expect(official.student.keep).toBe("best");
    const plain = teaches("mode=official", "teacher.finetune.when=never");
    expect(finetuneOf(plain)).toEqual(finetuneOf(teaches()));
    expect(plain.teacher.keep).toBe("last");
  });
});

it("settings that a model puts out of force are refused, and a preset's give way", () => {
  expect(() => load("folder", "m.onnx", "student.network=airbench")).toThrow("has no effect with init.model");
  expect(() => load("folder", undefined, "init.frozen=0.5")).toThrow("has no effect with no init.model");
  expect(() => load("folder", "m.onnx", "data.normalisation=imagenet")).toThrow(
    "has no effect with init.model",
  );
  expect(() => load("folder", undefined, "teacher.model=m.onnx", "teacher.epochs=3")).toThrow(
    "has no effect with teacher.model",
  );
  expect(() => load("folder", undefined, "teacher.precision=int8")).toThrow(
    "has no effect with no teacher.model",
  );
  expect(load("folder", "m.onnx").student["widths"]).toBeUndefined();
});
