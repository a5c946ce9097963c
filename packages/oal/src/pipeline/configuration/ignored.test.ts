/** Settings that have no effect beside another setting. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ignoredSettings } from "./ignored.js";
import { configurationSchema, loadConfiguration, presets } from "./index.js";
import { valueAt } from "./merge.js";

const folder = mkdtempSync(join(tmpdir(), "oal-ignored-"));
afterAll(() => rmSync(folder, { recursive: true }));

const files = ["data.source=photos"];
/** Nothing but what a case names shows outliers, or pairs images with some. */
const shows = ["exposure.uniformWeight=0", "exposure.distillWeight=0"];
const pairs = ["mi.measure=false", "featureExposure.weight=0"];

/** A setting, what is set beside it, and the setting that puts it out of force (none: it holds). */
const cases: readonly (readonly [ignored: string, beside: readonly string[], because: string | null])[] = [
  ["student.minFactor=0.5", ["student.schedule=constant"], "student.schedule: constant"],
  ["student.minFactor=0.5", ["student.schedule=oneCycle"], null],
  ["student.warmup=0.5", ["student.schedule=constant"], null],
  ["teacher.momentum=0.5", ["teacher.optimiser=adam"], "teacher.optimiser: adam"],
  ["teacher.nesterov=true", ["teacher.optimiser=adamw"], "teacher.optimiser: adamw"],
  ["teacher.nesterov=false", ["teacher.optimiser=adamw"], null],
  ["student.momentum=0.5", ["student.schedule=oneCycle"], "student.schedule: oneCycle"],
  ["student.nesterov=false", ["student.schedule=oneCycle"], null],
  ["student.nesterov=true", ["student.momentum=0"], "student.momentum: 0"],
  ["student.width=8", ["student.network=airbench"], "student.network: airbench"],
  ["student.blocks=2", ["student.network=resnet18_32x32"], "student.network: resnet18_32x32"],
  ["student.widths=[8, 8]", ["student.network=resnetSmall"], "student.network: resnetSmall"],
  ["student.blocks=2", ["student.network=resnetSmall"], null],
  [
    "student.augmentation.paddingMode=zero",
    ["student.augmentation.padding=0"],
    "student.augmentation.padding: 0",
  ],
  ["boundary.eta=0.3", ["boundary.sigma=0.07"], "boundary.sigma: 0.07"],
  ["boundary.eta=0.3", ["boundary.sigma=auto"], null],
  ["kd.temperature=3", ["kd.logitsWeight=0"], "kd.logitsWeight: 0"],
  ["kd.dtLearningRate=2", ["kd.featureWeight=0"], "kd.featureWeight: 0"],
  ["mi.latentPooling=channel-row-mean", ["mi.measure=false"], "mi.latentWeight: 0 and mi.measure: false"],
  ["mi.latentPooling=channel-row-mean", ["mi.measure=false", "mi.latentWeight=1"], null],
  ["mi.hidden=64", ["mi.measure=false"], "both weights of mi at 0 and mi.measure: false"],
  ["mi.hidden=64", ["mi.measure=false", "mi.embWeight=1"], null],
  ["mi.qLr=0.1", ["mi.qSteps=0"], "mi.qSteps: 0"],
  ["exposure.energyMargin=3", ["exposure.energyWeight=0"], "exposure.energyWeight: 0"],
  ["exposure.energyMargin=3", ["exposure.energyWeight=1"], null],
  ["exposure.distillTemperature=3", ["exposure.distillWeight=0"], "exposure.distillWeight: 0"],
  [
    "exposure.start=0.5",
    ["exposure.distillWeight=0", "exposure.uniformWeight=0"],
    "all weights of exposure at 0",
  ],
  ["exposure.outliers=phase", [...shows, "energy.latentWeight=2.5"], null],
  ["exposure.fraction=0.25", [...shows, "energy.latentWeight=2.5"], null],
  ["exposure.outliers=phase", shows, "all weights of exposure at 0"],
  [
    "exposure.outliers=phase",
    [...shows, "energy.latentWeight=2.5", "energy.form=features"],
    "all weights of exposure at 0",
  ],
  ["exposure.start=0.5", [...shows, "energy.latentWeight=2.5"], "all weights of exposure at 0"],
  ["exposure.fraction=0.25", [...shows, "exposure.latentWeight=1"], "no exposure to pictures"],
  ["mi.pairing=random", pairs, "both weights of mi at 0 and mi.measure: false"],
  ["mi.pairing=random", [...pairs, "exposure.latentWeight=1"], null],
  ["mi.pairing=random", [...pairs, "energy.form=features", "energy.latentWeight=1"], null],
  ["mi.pairing=random", [...pairs, "featureExposure.weight=0.1"], null],
  ["mi.hidden=64", [...pairs, "exposure.latentWeight=1"], "both weights of mi at 0 and mi.measure: false"],
  [
    "mi.latentPooling=channel-row-mean",
    ["mi.measure=false", "energy.form=features", "energy.latentWeight=1"],
    null,
  ],
  [
    "mi.pairing=random",
    ["featureExposure.weight=0", "mi.learning=value"],
    "both weights of mi at 0 and mi.learning: value",
  ],
  ["data.size=64", [], "data.source: embedded"],
  ["data.skipBad=3", [], "data.source: embedded"],
  ["data.ood=[{name: u, path: u}]", [], "data.source: embedded"],
  ["data.embedded.train=300", files, "images of your own in data.source"],
  ["data.embedded.ood=300", files, null],
  ["data.embedded.ood=300", [...files, "data.embeddedOod=false"], "data.embeddedOod: false"],
  ["data.embedded.ood=300", [...files, "data.size=64"], null],
  ["data.embeddedOod=true", [...files, "data.ood=[{name: u, path: u}]"], "near or far sets in data.ood"],
  ["data.embedded.ood=300", [...files, "data.ood=[{name: u, path: u, group: validation-far}]"], null],
  ["data.embedded.validationOod=30", [...files, "data.ood=[{name: u, path: u}]"], null],
  ["data.embedded.validationOod=30", [...files, "data.drawnValidation=false"], "data.drawnValidation: false"],
  ["data.embeddedOod=false", [...files, "data.ood=[{name: u, path: u}]"], null],
  ["data.testFraction=0.3", [...files, "data.test={path: t}"], "data.test"],
  ["data.testFraction=0.3", [...files, "data.validation={path: t}"], null],
  ["data.validationFraction=0.3", [...files, "data.validation={path: t}"], "data.validation"],
];

it.each(cases)("%s beside %j: because of %j", (ignored, beside, because) => {
  const load = (): unknown => loadConfiguration(undefined, { set: [ignored, ...beside], cwd: folder });
  if (because === null) {
    expect(load).not.toThrow();
    return;
  }
  const [key = ""] = ignored.split("=");
  expect(load).toThrowError(
    expect.objectContaining({
      code: "OAL-C202",
      message: expect.stringContaining(`--set ${ignored}: ${key}: has no effect with ${because}`),
    }),
  );
});

describe("presets", () => {
  it.each([...presets.keys()])("%s sets nothing that has no effect", (name) => {
    const { configuration: given = {}, needs } = presets.get(name) ?? {};
    // as it is used: with what the user must give
    const model = needs === "init.model" ? { init: { ...given.init, model: "model.onnx" } } : {};
    const configuration = configurationSchema().parse({ ...given, ...model });
    const usual = configurationSchema().parse({});
    for (const { key } of ignoredSettings(configuration)) {
      const path = key.split(".");
      expect([undefined, valueAt(usual, path)], key).toContainEqual(
        valueAt(presets.get(name)?.configuration, path),
      );
    }
  });

  it("give way: what a user's choice puts out of force is gone", () => {
    const { teacher, student } = loadConfiguration("embedded", {
      set: ["teacher.network=resnetSmall", "student.schedule=constant"],
    });
    expect(teacher["widths"]).toBeUndefined();
    expect(student["minFactor"]).toBeUndefined();
  });

  it("keep their outliers where another method than the exposures shows them", () => {
    const set = ["exposure.uniformWeight=0", "energy.latentWeight=2.5"];
    expect(loadConfiguration("cifar10-small", { set, cwd: folder })["exposure"]).toMatchObject({
      outliers: "union",
    });
  });
});

describe("files", () => {
  const load = (text: string): unknown => {
    writeFileSync(join(folder, "a.yaml"), text);
    return loadConfiguration("a.yaml", { cwd: folder });
  };

  it("name file and line", () => {
    expect(() => load("student:\n  schedule: constant\n  minFactor: 0.5\n")).toThrowError(
      "a.yaml:3: student.minFactor: has no effect with student.schedule: constant",
    );
    expect(() => load("data: {size: 64}\n")).toThrowError("data.source: embedded");
  });

  it("may hold everything at its default, as `oal config` writes them", () => {
    for (const name of presets.keys()) {
      const whole = loadConfiguration(name, { set: ["student.schedule=constant"], cwd: folder });
      expect(load(JSON.stringify(whole))).toEqual(whole);
    }
  });
});

it("sets of unknowns on the command line need images of their own", () => {
  expect(() => loadConfiguration(undefined, { ood: ["u"], cwd: folder })).toThrowError(
    "--ood: data.ood: has no effect with data.source: embedded",
  );
});
