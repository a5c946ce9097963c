/** Models of others in a configuration: their size rules, and what does not fit is told before anything is decoded. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conv2d, globalAveragePool, Graph, softmax, writeModel } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { drawnTensor, foreignModel } from "../testing/foreignModel.js";
import { loadConfiguration } from "./configuration/index.js";
import { finetuneOf } from "./configuration/initSection.js";
import { preflight } from "./preflight.js";

const root = mkdtempSync(join(tmpdir(), "oal-run-models-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeFileSync(join(root, "m.onnx"), foreignModel(24));
mkdirSync(join(root, "named"));
writeFileSync(join(root, "named", "m.onnx"), foreignModel(24));
writeFileSync(join(root, "named", "labels.txt"), "ant\nbee\ncat\ndog\neel\n");
writeFileSync(join(root, "bare.onnx"), bareModel());
for (const name of ["ant", "bee", "cow"]) {
  mkdirSync(join(root, "photos", name), { recursive: true });
  for (let i = 0; i < 10; i++) writeFileSync(join(root, "photos", name, `${i}.png`), "\x89PNG");
}

/** A model whose class scores come from no linear layer. */
function bareModel(): Uint8Array {
  const graph = new Graph();
  const input = graph.input("input", { dtype: "float32", shape: ["batch", 3, 24, 24] });
  const weight = graph.constant(drawnTensor("w", [5, 3, 3, 3]), "w");
  graph.output("probabilities", softmax(globalAveragePool(conv2d(input, weight)), 1));
  return writeModel(graph);
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
    // one that names other classes than the run has
    const named = ["teacher.model=named/m.onnx", "teacher.finetune.when=newClasses"];
    expect(await told(teaches(...named, "teacher.finetune.frozen=0.1"))).toEqual([
      expect.stringContaining("OAL-C211 teacher.finetune.frozen: 0.1 is less than its first cut"),
    ]);
    // without the class that it does not name it knows all of them, and is not trained
    const known = [...named, "teacher.finetune.frozen=0.1", "data.leaveOut=cow"];
    expect(await told(teaches(...known))).toEqual([]);
  });

  it("is refused before anything is decoded where it has no place for a head", async () => {
    const problem = "OAL-C211 model: bare shows no features for a new head";
    for (const when of ["never", "always"]) {
      const set = ["teacher.model=bare.onnx", `teacher.finetune.when=${when}`];
      expect(await told(teaches(...set))).toEqual([expect.stringContaining(problem)]);
    }
    const fresh = ["teacher.model=bare.onnx", "teacher.finetune.when=always", "teacher.finetune.head=new"];
    expect(await told(teaches(...fresh))).toEqual([
      "OAL-C211 teacher.model: bare shows no features for a new head",
    ]);
    expect(await told(load("photos", "bare.onnx", "methods=[ce]"))).toEqual([
      expect.stringContaining(problem),
    ]);
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

it("the model that students start from is there for a part of a run too, whose pictures are then those of the whole", async () => {
  const config = load(undefined, "m.onnx");
  for (const until of ["data", "teacher", "report"]) {
    const { models } = await preflight(config, { methods: config.methods, until });
    expect(models.init?.preprocessing.crop).toBe(24);
  }
});
