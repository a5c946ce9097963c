import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError } from "oal-core";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfiguration } from "./configuration/index.js";
import type { LoadOptions } from "./configuration/load.js";
import { isWithheld } from "../data/withheld.js";
import { needsOf, type Aim } from "./foresight.js";
import { listenerLogs } from "./events.js";
import type { Workshop } from "./plan/obtain.js";
import { lookAhead, preflight, refuseEarly, type Preflight } from "./preflight.js";
import { readSets } from "./readSets.js";
import { ArtifactStore } from "./store/artifactStore.js";
import { versions } from "./versions.js";

const root = mkdtempSync(join(tmpdir(), "oal-preflight-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Empty files: nothing here decodes them. */
function write(folder: string, counts: Readonly<Record<string, number>>): string {
  for (const [name, count] of Object.entries(counts)) {
    mkdirSync(join(root, folder, name), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(join(root, folder, name, `${i}.png`), "\x89PNG");
  }
  return join(root, folder);
}

async function pictures(folder: string, counts: Readonly<Record<string, number>>): Promise<string> {
  const path = write(folder, counts);
  const background = { r: 1, g: 2, b: 3 };
  const png = await sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toBuffer();
  for (const [name, count] of Object.entries(counts))
    for (let i = 0; i < count; i++) writeFileSync(join(path, name, `${i}.png`), png);
  return path;
}

const whole: Aim = { methods: ["ce", "kd", "oal"], until: "report" };

function look(options: LoadOptions, aim: Aim = whole): Promise<Preflight> {
  return preflight(loadConfiguration(undefined, { cwd: root, ...options }), aim);
}

async function told(options: LoadOptions, aim?: Aim): Promise<string[]> {
  return (await look(options, aim)).problems.map(({ code, message }) => `${code} ${message}`);
}

describe("classes", () => {
  it("need as many images as the parts that are split off ask for: one minimum, told by name", async () => {
    const data = write("small", { ant: 10, bee: 3, cow: 1, dog: 4 });
    const parts = "2 to train on, 1 or more for validation, 1 or more for the test";
    expect(await told({ data })).toEqual([
      `OAL-D112 ${data}: 2 classes have too few images, at least 4 are needed (${parts}): "bee" 3, "cow" 1`,
    ]);
    const test = write("apart", { ant: 1, bee: 1, cow: 1, dog: 1 });
    expect(await told({ data, test, validation: test })).toEqual([
      `OAL-D112 ${data}: class "cow" has 1 image(s), at least 2 are needed (2 to train on)`,
    ]);
    expect(await told({ data, test })).toEqual([
      expect.stringContaining('class "cow" has 1 image(s), at least 3'),
    ]);
  });

  it("that a part lacks are named with the part", async () => {
    const data = write("parts", {
      "train/ant": 9,
      "train/bee": 9,
      "train/cow": 9,
      "val/ant": 2,
      "test/ant": 1,
      "test/cow": 1,
    });
    expect(await told({ data })).toEqual([
      `OAL-D104 ${data}#val: 2 classes have no image: "bee", "cow"`,
      `OAL-D104 ${data}#test: class "bee" has no image`,
    ]);
  });

  it("are read from the parts of a folder, or from the part that is named", async () => {
    const data = write("divided", {
      "train/a": 3,
      "train/b": 3,
      "val/a": 1,
      "val/b": 1,
      "test/a": 1,
      "test/b": 1,
    });
    const { sets, problems, plan } = await look({ data });
    expect(problems).toEqual([]);
    expect(sets.map(({ name, source }) => [name, source.ids.length])).toEqual([
      ["train", 6],
      ["validation", 2],
      ["test", 2],
    ]);
    expect(plan.shares).toEqual({ validation: 0, test: 0 });
    const other = write("whole", { a: 6, b: 6 });
    const given = await look({
      data: other,
      validation: data,
      test: `${data}#train`,
      ood: [`${data}#val`, data],
    });
    expect(given.problems).toEqual([]);
    expect(given.sets.map(({ name, spec, source }) => [name, spec.split, source.ids.length])).toEqual([
      ["train", undefined, 12],
      ["validation", "val", 2],
      ["test", "train", 6],
      ["divided-val", "val", 2],
      ["divided", undefined, 10],
    ]);
  });
});

describe("what the published code can train on", () => {
  const problem = expect.stringMatching(/^OAL-T140 /);

  it("is looked at before an image is decoded, with what is split off taken away", async () => {
    const drawn = (train: number) =>
      loadConfiguration("official-small", { set: [`data.embedded.train=${train}`] });
    const toldOf = async (config: ReturnType<typeof drawn>) =>
      (await preflight(config, { methods: config.methods, until: "report" })).problems.map(
        ({ code, message }) => `${code} ${message}`,
      );
    expect(await toldOf(drawn(2000))).toEqual([]);
    expect(await toldOf(drawn(1990))).toEqual([problem]);
    // 2 x 104 are left of 2 x 160 images: a step of 128, and 80
    const set = ["mode=official", "student.batchSize=128", "mi.drawn=published", "student.rest=train"];
    const data = write("published", { a: 160, b: 160 });
    const shares = ["data.validationFraction=0.15", "data.testFraction=0.2"];
    expect(await told({ data, set: [...set, ...shares] })).toEqual([]);
    expect(await told({ data, set: [...set, shares[0] ?? "", "data.testFraction=0.25"] })).toEqual([problem]);
  });
});

describe("a limit", () => {
  it("counts when classes become too small or empty by it", async () => {
    const data = write("many", { a: 20, b: 20, c: 20 });
    const id = (limit: number): LoadOptions => ({ data, set: [`data.id={path: ., limit: ${limit}}`] });
    expect(await told(id(12))).toEqual([]);
    expect(await told(id(6))).toEqual([expect.stringContaining(`${data} (limit 6): 3 classes have too few`)]);
    expect(await told(id(2))).toEqual([
      expect.stringContaining('(limit 2): class "c" has no image'),
      expect.stringContaining("2 classes have too few"),
    ]);
  });
});

describe("a configuration", () => {
  const data = write("good", { a: 6, b: 6 });

  it("of a size that the latents cannot have is refused for outliers alone", async () => {
    const set = ["data.size=40"];
    expect(await told({ data, set })).toEqual([
      "OAL-C202 configuration: mi.latentPooling: grid4-meanstd needs sides divisible by 4, the latent is 10x10 " +
        "at data.size 40; take data.size 32 or 48, or mi.latentPooling channel-row-mean",
    ]);
    expect(await told({ data, set: [...set, "mi.latentPooling=channel-row-mean"] })).toEqual([]);
    expect(await told({ data, set }, { methods: ["ce", "kd"], until: "report" })).toEqual([]);
    expect(await told({ data, set }, { methods: ["oal"], until: "teacher" })).toEqual([]);
  });

  it("of networks that its images are too small for", async () => {
    const set = [
      "student.widths=[8,8,8,8,8,8]",
      "teacher.augmentation={padding: 20, paddingMode: reflect}",
      "data.size=16",
    ];
    expect(await told({ data, set })).toEqual([
      expect.stringContaining("teacher.augmentation.padding: a mirrored border must be narrower"),
      expect.stringMatching(
        /OAL-C202 configuration: student: network airbench cannot be built for images of 16/,
      ),
    ]);
  });

  it("of boundary candidates and shares that leave nothing", async () => {
    const set = ["boundary={noise: 2, keep: 3}", "data.validationFraction=0.5", "data.testFraction=0.5"];
    expect(await told({ data, set })).toEqual([
      expect.stringContaining("boundary.keep: 3 exceeds the 2 candidates"),
      expect.stringContaining("data.testFraction: with data.validationFraction it leaves no image"),
    ]);
  });
});

describe("sets of unknown images", () => {
  it("that lack are told beforehand, and may be called as the parts of the known ones", async () => {
    const data = await pictures("known", { a: 4, b: 4 });
    const ood = `[{name: validation, path: ${await pictures("odd", { x: 3 })}}]`;
    writeFileSync(join(data, "a", "broken.png"), "\x89PNG");
    writeFileSync(join(data, "notes.txt"), "");
    const set = [`data.ood=${ood}`, "data.skipBad=1"];
    const config = loadConfiguration(undefined, { cwd: root, data, set });
    const ahead = await refuseEarly(config, whole);
    process.env["OAL_CACHE"] = join(root, "cache");
    const workshop: Workshop = {
      store: new ArtifactStore(join(root, "store")),
      events: listenerLogs(),
      versions: versions(),
      signal: new AbortController().signal,
    };
    const sets = await readSets(config, ahead, workshop);
    expect([sets.validation.count, sets.ood.map(({ name, set }) => [name, set.count])]).toEqual([
      2,
      // no given set may choose, so drawn ones do
      [
        ["val_tinted", 500],
        ["val_drawings", 500],
        ["validation", 3],
      ],
    ]);
    // by name and reason: the report shows them
    expect(sets.leftOut).toEqual([
      {
        set: "train",
        unreadable: [{ id: "a/broken.png", problem: expect.any(String) }],
        passedOver: { ".txt": 1 },
      },
    ]);
  });
});

describe("where settings are chosen", () => {
  it.each([
    ["test images of their own", true],
    ["test images split off", false],
    ["a class left out", false],
  ])("no set of the test is looked at or opened: %s", async (name, hasTest) => {
    const data = await pictures(`chosen${name.length}`, { a: 10, b: 10, c: 10 });
    const set = [
      "data.ood=[{name: tuning, path: odd-tuning, group: validation-far}, {name: svhn, path: not-there}]",
      ...(name.includes("left out") ? ["data.leaveOut=b"] : []),
    ];
    await pictures("odd-tuning", { x: 3 });
    const given = {
      cwd: root,
      data,
      set: set.map((text) => text.replace("odd-tuning", join(root, "odd-tuning"))),
    };
    const config = loadConfiguration(undefined, hasTest ? { ...given, test: "not-there-either" } : given);
    // a run would refuse these sources
    expect((await preflight(config, whole)).problems.map(({ code }) => code)).toEqual(
      Array.from({ length: hasTest ? 2 : 1 }, () => "OAL-D101"),
    );
    const ahead = await refuseEarly(config, whole, { withTest: false });
    expect(ahead.sets.map((each) => each.name)).toEqual(["train", "tuning"]);
    process.env["OAL_CACHE"] = join(root, "cache");
    const workshop: Workshop = {
      store: new ArtifactStore(join(root, "store")),
      events: listenerLogs(),
      versions: versions(),
      signal: new AbortController().signal,
    };
    const sets = await readSets(config, ahead, workshop);
    expect(sets.ood.map((each) => [each.name, each.group])).toEqual([
      ["tuning", "validation-far"],
      ["val_tinted", "validation-near"],
    ]);
    // the parts are those of a run, in which 20 % are test images
    const classes = name.includes("left out") ? 2 : 3;
    expect(sets.train.count).toBe(classes * (hasTest ? 9 : 7));
    expect(isWithheld(sets.test)).toBe(true);
    expect(() => sets.test.read([0])).toThrow(/withheld/);
    expect(() => sets.test.contentHash).toThrow(/withheld/);
  });
});

describe("all problems", () => {
  it("come in one error; one alone comes as itself", async () => {
    const data = write("bad", { ant: 1, bee: 6, cow: 6 });
    writeFileSync(join(root, "list.txt"), "bee/0.png 0\nbee/1.png -1\ncow/0.png seven\n");
    const config = loadConfiguration(undefined, {
      cwd: root,
      data,
      ood: ["nowhere", "neither.tar"],
      set: ["data.size=40", `data.test={path: ., list: ${join(root, "list.txt")}}`],
    });
    const error: unknown = await refuseEarly(config, whole).catch((e: unknown) => e);
    if (!isOalError(error, "OAL-D140")) throw error;
    expect(error.details.problems.map(({ code }) => code)).toEqual([
      "OAL-C202",
      "OAL-D101",
      "OAL-D101",
      "OAL-D112",
      "OAL-D107",
      "OAL-D141",
      "OAL-D104",
    ]);
    for (const words of [
      "nowhere: no such file",
      'class "ant" has 1 image',
      "list.txt:3: label",
      "list.txt:2: label -1",
    ])
      expect(error.message).toContain(words);
    const single = loadConfiguration(undefined, { cwd: root, data: write("one", { a: 5, b: 1 }) });
    await expect(refuseEarly(single, whole)).rejects.toMatchObject({ code: "OAL-D112" });
  });
});

describe("the last stage that is asked for", () => {
  const config = loadConfiguration("embedded", { set: ["seeds=[0, 1]"] });
  const until = (target: string) => needsOf(config, { methods: config.methods, until: target });

  it("may be one seed's, and needs what it needs of the first", () => {
    for (const target of ["student:oal", "teacher", "evaluation:kd"])
      expect(until(`${target}.seed1`)).toEqual(until(target));
    expect(until("student:oal.seed1")).toMatchObject({ teacher: true, student: true });
  });

  it("is refused where it is misspelt, or of a seed that there is not, before data are looked at", async () => {
    const nowhere = loadConfiguration(undefined, { data: "nowhere", cwd: root, set: ["seeds=[0, 1]"] });
    const refusal = (target: string): Promise<unknown> =>
      lookAhead(nowhere, target, {}).catch((reason: unknown) => reason);
    expect(await refusal("studnet:ce")).toMatchObject({ code: "OAL-C204", details: { near: "student:ce" } });
    expect(await refusal("student:ce.seed5")).toMatchObject({ code: "OAL-C204" });
    for (const target of ["student:ce.seed1", "report", "data"])
      expect(await refusal(target)).not.toMatchObject({ code: "OAL-C204" });
  });
});
