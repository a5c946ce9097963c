import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import {
  configurationJsonSchema,
  configurationSchema,
  loadConfiguration,
  presets,
  type Configuration,
} from "./index.js";
import type { LoadOptions } from "./load.js";

const folder = mkdtempSync(join(tmpdir(), "oal-configuration-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

function failure(body: () => unknown): OalError {
  try {
    body();
  } catch (error) {
    if (error instanceof OalError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("presets and defaults", () => {
  it("resolves every preset, and a resolved configuration resolves to itself", () => {
    for (const name of presets.keys()) {
      const configuration = loadConfiguration(name, { cwd: folder });
      expect(configuration.preset).toBe(name);
      expect(configurationSchema().parse(configuration)).toEqual(configuration);
      file("again.json", JSON.stringify(configuration));
      expect(loadConfiguration("again.json", { cwd: folder })).toEqual(configuration);
    }
  });

  it("takes embedded for nothing and folder for a folder alone", () => {
    expect(loadConfiguration(undefined).preset).toBe("embedded");
    const configuration = loadConfiguration(undefined, {
      data: "photos",
      ood: ["u/photos-unknown.tar.gz"],
      cwd: "/a",
    });
    expect(configuration.preset).toBe("folder");
    expect(configuration.data.source).toBe("/a/photos");
    expect(configuration.data.ood).toEqual([
      { name: "photos-unknown", group: "far", path: "/a/u/photos-unknown.tar.gz" },
    ]);
  });

  it("takes the part after # of a path that exists without it, for every source", () => {
    for (const name of ["cifar", "odd#train", "odd"]) mkdirSync(join(folder, name), { recursive: true });
    const load = (options: LoadOptions): Configuration["data"] =>
      loadConfiguration(undefined, { cwd: folder, ...options }).data;
    const data = load({
      data: "cifar#train",
      validation: "cifar#val",
      test: "odd#train",
      ood: ["cifar#test", "cifar", "none#test", "cifar#"],
    });
    expect(data.source).toBe(join(folder, "cifar"));
    expect(data.id).toEqual({ path: ".", split: "train" });
    expect(data.validation).toEqual({ path: join(folder, "cifar"), split: "val" });
    expect(data.test).toEqual({ path: join(folder, "odd#train") });
    expect(data.ood).toEqual([
      { name: "cifar-test", group: "far", path: join(folder, "cifar"), split: "test" },
      { name: "cifar", group: "far", path: join(folder, "cifar") },
      { name: "none_test", group: "far", path: join(folder, "none#test") },
      { name: "cifar_", group: "far", path: join(folder, "cifar#") },
    ]);
    file("id.yaml", "data: {id: {path: x}}");
    expect(loadConfiguration("id.yaml", { cwd: folder, data: "cifar#test" }).data.id).toEqual({
      path: "x",
      split: "test",
    });
  });

  it("refuses a part of a list, which names its images", () => {
    const set = "data.id={path: a, list: b.txt, split: test}";
    const error = failure(() => loadConfiguration(undefined, { cwd: folder, data: "x", set: [set] }));
    expect(error.message).toContain("data.id.split: a list names its images");
  });

  it("gives every --ood a name of its own that no other set or mean has", () => {
    const ood = ["a/cats", "b/cats.zip", "c/cats", "id", "x/near"];
    const { data } = loadConfiguration(undefined, { data: "photos", ood, cwd: "/a" });
    expect(data.ood.map(({ name }) => name)).toEqual(["cats", "cats-2", "cats-3", "id-2", "near-2"]);
  });

  it("describes every key in the JSON schema", () => {
    const bare: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== "object" || schema === null || !("properties" in schema)) return;
      for (const [key, value] of Object.entries(schema.properties ?? {})) {
        const text: unknown =
          typeof value === "object" && value !== null && "description" in value && value.description;
        if (typeof text !== "string") bare.push(`${path}.${key}`);
        walk(value, `${path}.${key}`);
      }
    };
    walk(configurationJsonSchema(), "");
    expect(bare).toEqual([]);
  });
});

describe("files and overrides", () => {
  it("lays a file over its preset and --set over both", () => {
    const given = file("a.yaml", "preset: cifar10-small\nstudent:\n  epochs: 3\ndata: { source: images }\n");
    const configuration = loadConfiguration(given, {
      set: ["student.batchSize=64", "data.ood.0.limit=5"],
      cwd: folder,
    });
    expect(configuration.student).toMatchObject({ network: "airbench", epochs: 3, batchSize: 64 });
    expect(configuration.data.source).toBe(join(folder, "images"));
  });

  it("changes one section and not another that has the same values", () => {
    const ofPreset = loadConfiguration("cifar10-small", { set: ["student.augmentation.padding=4"] });
    expect([ofPreset.student.augmentation.padding, ofPreset.teacher.augmentation.padding]).toEqual([4, 2]);
    const name = file(
      "anchor.yaml",
      "teacher: { augmentation: &same { padding: 1 } }\nstudent: { augmentation: *same }\n",
    );
    const ofFile = loadConfiguration(name, { cwd: folder, set: ["teacher.augmentation.padding=3"] });
    expect([ofFile.student.augmentation.padding, ofFile.teacher.augmentation.padding]).toEqual([1, 3]);
  });

  it("changes one entry of a preset's list, and the preset itself", () => {
    const configuration = loadConfiguration(undefined, {
      set: ["data.ood.3.limit=9", "preset=cifar10-small"],
    });
    expect(configuration.data.ood[3]).toMatchObject({ name: "cifar100", limit: 9 });
    expect(failure(() => loadConfiguration(undefined, { set: ["preset=x"] })).code).toBe("OAL-C204");
  });

  it("names file, line and the nearest key", () => {
    const given = file("b.yaml", "seed: 1\nstudent:\n  width: 8\n  epoch: 3\n");
    const error = failure(() => loadConfiguration(given, { cwd: folder }));
    expect(error.code).toBe("OAL-C201");
    expect(error.message).toBe('b.yaml:4: unknown key "epoch" at student, did you mean "epochs"?');
  });

  it("knows keys that belong to a section", () => {
    const error = failure(() => loadConfiguration(undefined, { set: ["epochs=3"] }));
    expect(error.message).toBe(
      '--set epochs=3: unknown key "epochs" at the top level, did you mean "student.epochs"?',
    );
  });

  it("refuses values with range, place and line", () => {
    const given = file("c.json", '{\n  "teacher": {\n    "optimiser": "sgdd",\n    "epochs": 2\n  }\n}\n');
    expect(failure(() => loadConfiguration(given, { cwd: folder })).message).toBe(
      'c.json:3: teacher.optimiser: there is no optimiser "sgdd", did you mean "sgd"?',
    );
    const messages = [
      "student.epochs=0",
      "seed=x",
      "synthesis.steps=7",
      "methods=[ce, ce]",
      "student=3",
      "a",
      "x=[",
      "seed.a=1",
    ].map((set) => failure(() => loadConfiguration(undefined, { set: [set] })).message);
    expect(messages).toMatchInlineSnapshot(`
      [
        "--set student.epochs=0: student.epochs: must be at least 0.01, got 0",
        "--set seed=x: seed: must be a number, got "x"",
        "--set synthesis.steps=7: synthesis.steps: must divide 1000, got 7",
        "--set methods=[ce, ce]: methods: every method once only, got ["ce","ce"]",
        "--set student=3: student: must be a section of keys, got 3",
        "--set a: a: write section.key=value",
        "--set x=[: x: the value cannot be read",
        "--set seed.a=1: seed: must be a number, got {"a":1}",
      ]
    `);
  });

  it("refuses names of OOD sets that are taken", () => {
    const sets = (...names: string[]): string =>
      names.map((name) => `    - path: x\n      name: ${name}\n`).join("");
    const message = (...names: string[]): string => {
      const given = file("ood.yaml", `data:\n  ood:\n${sets(...names)}`);
      return failure(() => loadConfiguration(given, { cwd: folder })).message;
    };
    expect(message("cats", "far")).toMatch(/^ood\.yaml:6: data\.ood\.1\.name: .*far.*taken/);
    expect(message("cats", "dogs", "cats")).toMatch(/^ood\.yaml:8: data\.ood\.2\.name: .*cats.*taken/);
  });

  it("refuses files that are none", () => {
    const bad = file("d.yaml", "a: [1\n");
    expect(failure(() => loadConfiguration(bad, { cwd: folder })).code).toBe("OAL-C203");
    expect(failure(() => loadConfiguration("e.yaml", { cwd: folder })).message).toBe("e.yaml: no such file");
    expect(failure(() => loadConfiguration(".", { cwd: folder })).message).toContain("--data .");
    const unknown = failure(() => loadConfiguration("cifar10-smal", { cwd: folder }));
    expect(unknown.code).toBe("OAL-C204");
    expect(unknown.message).toContain('did you mean "cifar10-small"?');
  });

  it("takes detectors by any of their names, with parameters", () => {
    const set = ["evaluation.detectors=[softmax, {id: knn, parameters: {neighbours: 7}}, energy]"];
    const { evaluation } = loadConfiguration(undefined, { set: [...set, "evaluation.scoreDetector=energy"] });
    expect(evaluation).toMatchObject({
      detectors: ["msp", { id: "knn", parameters: { neighbours: 7 } }, "ebo"],
      scoreDetector: "ebo",
      search: false,
    });
  });

  it.each([
    ["evaluation.detectors=[mls, ebo, knnn]", 'there is no detector "knnn", did you mean "knn"?'],
    ["evaluation.detectors=[ebo, energy]", '"ebo" is named twice'],
    ["evaluation.detectors=[ebo, {id: knn, parameters: {neigbours: 7}}]", 'did you mean "neighbours"?'],
    [
      "evaluation.detectors=[ebo, {id: knn, parameters: {neighbours: 0}}]",
      "must be an integer in [1, inf), it is 0",
    ],
    ["evaluation.detectors=[ebo, {id: knn, parameter: {}}]", "parameter"],
    ["evaluation.scoreDetector=eboo", 'did you mean "ebo"?'],
    ["evaluation.scoreDetector=reject", 'reads the trained head "reject", which nothing makes in this run'],
  ])("refuses %s", (set, words) => {
    const { code, message } = failure(() => loadConfiguration(undefined, { set: [set] }));
    expect(["OAL-C201", "OAL-C202"]).toContain(code);
    expect(message).toContain(words);
  });

  it("says how to leave a member out of a union that it refuses, and takes that", () => {
    const union = "exposure.outliers=union";
    const { message } = failure(() => loadConfiguration(undefined, { set: [union] }));
    const [, members = ""] = /--set '(union\.members=.*?)'/.exec(message) ?? [];
    expect(members).toBe("union.members={phase: 1, jigsaw: 1, latents: 1}");
    expect(loadConfiguration(undefined, { set: [union, members] }).exposure).toMatchObject({
      outliers: "union",
    });
    // with the shares that were given
    const given = "union.members={phase: 2, rotate: 1, jigsaw: 0, latents: 0.5}";
    expect(failure(() => loadConfiguration(undefined, { set: [union, given] })).message).toContain(
      "--set 'union.members={phase: 2, latents: 0.5}'",
    );
  });

  it("changes the share of one member of a union and leaves the others in", () => {
    const load = (...set: readonly string[]) =>
      loadConfiguration("folder", { data: folder, set: ["exposure.outliers=union", ...set] })["union"];
    const usual = { phase: 1, jigsaw: 1, rotate: 1, latents: 1 };
    expect(load("union.members.latents=2", "union.members.noise=0.5")).toEqual({
      members: { ...usual, latents: 2, noise: 0.5 },
    });
    // given as a whole they are what was given
    expect(load("union.members={noise: 1}", "union.members.phase=3")).toEqual({
      members: { noise: 1, phase: 3 },
    });
    const path = file("union.yaml", "exposure: { outliers: union }\nunion: { members: { noise: 1 } }\n");
    expect(loadConfiguration(path, { cwd: folder, set: ["union.members.phase=3"] })["union"]).toEqual({
      members: { noise: 1, phase: 3 },
    });
  });

  it("refuses bounds of outliers that no source has, and of a source that is made of others", () => {
    const load = (...set: readonly string[]) => loadConfiguration("folder", { data: folder, set });
    expect(failure(() => load("keep.sources.jigsw=[0, 0.5]")).message).toContain(
      'keep.sources.jigsw: there is no outlier source "jigsw", did you mean "jigsaw"?',
    );
    expect(
      failure(() => load("keep.sources={union: [0, 0.5]}", "union.members={phase: 1, noise: 1}")).message,
    ).toContain('keep.sources.union: "union" is made of other sources; name its members: phase, noise');
    const shown = load("exposure.outliers=phase", "keep.sources.phase=[0, 0.5]");
    expect(shown.keep.sources).toEqual({ phase: [0, 0.5] });
  });

  it("refuses keys of sources that are not shown, which a file may hold, and a search try", () => {
    const load = (...set: readonly string[]) => loadConfiguration(undefined, { set });
    for (const key of [
      "union.members={phase: 1, noise: 1}",
      "folder.path=pictures",
      "keep.sources.phase=[0, 0.5]",
      "keep={sources: {phase: [0, 0.5]}}",
      "sdedit.share=0.4",
    ])
      expect(failure(() => load(key)).message).toMatch(
        /(union\.members|folder\.path|keep\.sources\.phase|sdedit\.share): has no effect with exposure\.outliers: latents;/,
      );
    const union = ["exposure.outliers=union", "union.members={phase: 1, noise: 1}"];
    expect(load(...union, "keep.sources.phase=[0, 0.5]")).toMatchObject({ exposure: { outliers: "union" } });
    expect(failure(() => load(...union, "nuisance.share=0.4")).message).toContain(
      "exposure.outliers: union, which is phase, noise;",
    );
    const given = file("spare.json", JSON.stringify({ folder: { path: "pictures" }, methods: ["ce"] }));
    expect(loadConfiguration(given, { cwd: folder }).folder).toMatchObject({
      path: expect.stringContaining("pictures"),
    });
    const options = { set: ["folder.path=pictures"], spareSources: true };
    expect(loadConfiguration(undefined, options)).toMatchObject({ exposure: { outliers: "latents" } });
  });

  it("decides by a trained head only where something of the run makes it, listed or not", () => {
    const load = (...set: readonly string[]) =>
      loadConfiguration(undefined, { set: ["evaluation.scoreDetector=reject", ...set] });
    expect(load("exposure.rejectWeight=0.5").evaluation.scoreDetector).toBe("reject");
    const listed = "evaluation.detectors=[msp, reject]";
    expect(failure(() => load(listed)).message).toContain("nothing makes in this run");
    expect(failure(() => load("exposure.rejectWeight=0.5", "methods=[ce]")).message).toContain(
      "nothing makes",
    );
  });

  it("refuses a search without unknown images to choose by", () => {
    const load = (groups: readonly string[], ...set: readonly string[]) => {
      const ood = groups.map((group, i) => `{name: x${i}, path: x, group: ${group}}`);
      return loadConfiguration("folder", {
        data: folder,
        set: [`data.ood=[${ood.join(", ")}]`, "evaluation.search=true", ...set],
      });
    };
    expect(load(["far"]).evaluation.search).toBe(true);
    const without = "data.drawnValidation=false";
    expect(failure(() => load(["far"], without)).message).toContain("group: validation-near");
    expect(load(["far"], "data.size=64").evaluation.search).toBe(true);
    expect(failure(() => load(["validation-near"], without)).message).toContain("group: validation-far");
    expect(failure(() => load(["validation"], without)).message).toContain("validation-near");
    const both = ["validation-near", "validation-far"];
    expect(load(both, "data.size=64").evaluation.search).toBe(true);
    expect(failure(() => load(both, "data.drawnValidation=true")).message).toContain("has no effect");
  });

  it("shows outliers at small weights, and small sets of drawn or own pictures as they were measured", () => {
    const shown = (preset: string): unknown => loadConfiguration(preset)["exposure"];
    for (const preset of ["embedded", "folder"])
      expect(shown(preset)).toMatchObject({ outliers: "latents", uniformWeight: 0.5, distillWeight: 1 });
    expect(shown("photos")).toMatchObject({ outliers: "latents", uniformWeight: 0.1, distillWeight: 0 });
    const [small, large] = ["cifar10-small", "cifar10-resnet18"].map((preset) => loadConfiguration(preset));
    expect(small?.["exposure"]).toMatchObject({ outliers: "union", uniformWeight: 0.3, distillWeight: 0 });
    expect([large?.["exposure"], large?.["union"]]).toEqual([small?.["exposure"], small?.["union"]]);
  });

  it("refuses turned digits as outliers, and turned photos not", () => {
    const load = (preset: string, source: string) =>
      loadConfiguration(preset, { set: [`exposure.outliers=${source}`] })["exposure"];
    expect(load("folder", "rotate")).toMatchObject({ outliers: "rotate" });
    expect(load("embedded", "phase")).toMatchObject({ outliers: "phase" });
    expect(failure(() => load("embedded", "rotate")).message).toContain("a 6 becomes a 9");
  });

  it("holds rules between keys", () => {
    const codes = [
      "evaluation.ask=0.99",
      "evaluation.scoreDetector=mds",
      "data.size=30",
      "denoiser.channels=20",
      "data.id.path=a",
    ];
    for (const set of codes)
      expect(failure(() => loadConfiguration(undefined, { set: [set] })).code).toBe("OAL-C202");
  });
});

it("a flag for one kind of seeds replaces what the file says of the others", () => {
  const whole = file("seeds.json", JSON.stringify({ seeds: [0, 1, 2] }));
  const students = file("students.json", JSON.stringify({ seed: 4, studentSeeds: [0, 1] }));
  const seedsOf = (given: string, key: string, value: unknown): unknown[] => {
    const flags = [{ key, value, where: `--${key}` }];
    const { seed, seeds, studentSeeds } = loadConfiguration(given, { cwd: folder, flags });
    return [seed, seeds, studentSeeds];
  };
  expect(seedsOf(whole, "seed", 7)).toEqual([7, undefined, undefined]);
  expect(seedsOf(students, "seed", 7)).toEqual([7, undefined, undefined]);
  expect(seedsOf(whole, "studentSeeds", [5, 6])).toEqual([0, undefined, [5, 6]]);
  expect(seedsOf(students, "seeds", [5, 6])).toEqual([0, [5, 6], undefined]);
  expect(seedsOf(students, "studentSeeds", [5])).toEqual([4, undefined, [5]]);
  expect(seedsOf(whole, "threads", 2)).toEqual([0, [0, 1, 2], undefined]);
});
