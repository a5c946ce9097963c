import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { oalInside } from "./inside.js";
import { oal } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const here = { cwd: folder };

describe("help and version", () => {
  it("prints the commands and examples", () => {
    const { stdout, stderr, status } = oal(["--help"], here);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchSnapshot();
    expect(oal([], here).stdout).toBe(stdout);
  });

  it("prints the options of run", () => {
    const { stdout, stderr, status } = oal(["run", "--help"], here);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatchSnapshot();
  });

  it("prints the version alone", () => {
    expect(oal(["--version"], here)).toMatchObject({
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      status: 0,
    });
  });
});

describe("explain", () => {
  it("says of every detector formula, source, needs, cost, parameters and where others differ", async () => {
    const { detectors } = await import("oal-core");
    const { stdout, status } = await oalInside(["explain", ...detectors.ids], here);
    expect(status).toBe(0);
    for (const { id, formula, notes, parameters } of detectors.all) {
      const own = stdout.split("\n\n").find((block) => block.startsWith(`${id}: `)) ?? "";
      expect(own).toContain(formula);
      expect(own).toMatch(/\n  cost +\S/);
      expect(notes.length).toBeGreaterThan(0);
      for (const note of notes) expect(own).toContain(note);
      for (const name of Object.keys(parameters)) expect(own).toContain(`\n  ${name} = `);
    }
  });

  it("says of the combination what it is, how it is chosen, and when it decides", async () => {
    const { stdout, status } = await oalInside(["explain", "combination", "msp"], here);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^combination: [^]*mean over members[^]*\n  members +[^]*\n  decides +[^]*oal fit: only where[^]*\nmsp: /,
    );
    const { stdout: json } = await oalInside(["explain", "combination", "--json"], here);
    expect(JSON.parse(json)).toMatchObject([
      { id: "combination", cost: "its members'; 257 scores for each" },
    ]);
  });

  it("prints the same as JSON, and knows other names", async () => {
    const { stdout } = await oalInside(["explain", "energy", "--json"], here);
    expect(JSON.parse(stdout)).toMatchObject([
      { id: "ebo", needs: ["logits"], parameters: { temperature: { default: 1 } } },
    ]);
    const { stderr, status } = await oalInside(["explain", "kn"], here);
    expect([status, stderr]).toEqual([2, expect.stringContaining('did you mean "knn"?')]);
  });

  it("says what students are trained by: outlier sources, exposures, training methods and recipes", async () => {
    const shown = ["phase", "sdedit", "rejectClass", "distillation", "kd"];
    const { stdout, status } = await oalInside(["explain", ...shown], here);
    expect(status).toBe(0);
    for (const words of [
      "phase: training pictures with random or mixed Fourier phases",
      "a picture   Y(k) = X(k) H(k)",
      "  sdedit.share = 0.6: share of the noising that a picture goes through",
      "Default: the share of a PyTorch twin of cifar10-small",
      "while exposure.rejectWeight is above 0",
      "keeps       reject, read by detector reject, rejectMsp",
      "in recipes  kd, oal",
      "  kd.logitsWeight = 4: weight of KL(teacher || student)",
      "a recipe for a student: --method kd",
    ])
      expect(stdout).toContain(words);
    // every one has a source and what it adds, and of a name of two kinds both are told
    const listed: Record<string, { id: string }[]> = JSON.parse(
      (await oalInside(["list", "--json"], here)).stdout,
    );
    const names = ["outliers", "exposures", "methods", "recipes"].flatMap((kind) => listed[kind] ?? []);
    const all = await oalInside(["explain", ...names.map(({ id }) => id), "--json"], here);
    const kinds: { kind: string; id: string }[] = JSON.parse(all.stdout);
    expect(
      kinds
        .filter(({ kind }) => kind !== "detector")
        .map(({ id }) => id)
        .sort(),
    ).toEqual(names.map(({ id }) => id).sort());
    expect(kinds.filter(({ id }) => id === "rotpred").map(({ kind }) => kind)).toEqual([
      "detector",
      "training method",
      "recipe",
    ]);
    const { stderr } = await oalInside(["explain", "jigsav"], here);
    expect(stderr).toContain('did you mean "jigsaw"?');
  });
});

describe("usage errors", () => {
  it.each([
    ["command", ["rnu"], "OAL-C101 unknown command rnu (did you mean run?)"],
    ["inner command", ["outliers", "smple"], "OAL-C101 unknown command smple (did you mean sample?)"],
    ["option", ["run", "--ouut", "x"], "OAL-C101 unknown option --ouut (did you mean --out?)"],
    ["value", ["run", "--seed", "x"], "OAL-C102 oal run: option '--seed <n>' argument 'x' is invalid."],
    ["missing argument", ["score", "model"], "OAL-C102 oal score: missing required argument 'images'"],
    ["empty option", ["run", "--out", ""], "OAL-C102 oal run: --out is empty"],
    ["empty argument", ["data", "inspect", ""], "OAL-C102 oal data inspect: an argument is empty"],
    ["too many", ["run", "a", "b"], "OAL-C102 oal run: too many arguments"],
    ["preset", ["run", "cifar10-smal"], 'did you mean "cifar10-small"?'],
    ["file", ["run", "my.yaml"], "OAL-C203 my.yaml: no such file"],
    ["method", ["train", "--method", "oel"], 'there is no recipe "oel", did you mean "oal"?'],
    ["kind", ["list", "detctors"], 'OAL-C204 there is no list of "detctors", did you mean "detectors"?'],
  ])("unknown or wrong %s", async (_name, args, message) => {
    const { stdout, stderr, status } = await oalInside(args, here);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
  });

  it("names file, line and the nearest key", async () => {
    writeFileSync(join(folder, "a.yaml"), "seed: 1\nstudent:\n  epoch: 3\n");
    const { stderr, status } = await oalInside(["run", "a.yaml"], here);
    expect(status).toBe(2);
    expect(stderr).toBe(
      'OAL-C201 a.yaml:3: unknown key "epoch" at student, did you mean "epochs"?\noal config shows every key with its default\n',
    );
  });

  it("prints errors as JSON where JSON was asked for", async () => {
    const { stdout, stderr, status } = await oalInside(["run", "--json", "--set", "teacher.widht=3"], here);
    expect([status, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "OAL-C201", details: { key: "widht", at: "teacher", near: "width" } },
    });
  });

  it.each([
    ["data", ["run", "--data", "nowhere"]],
    ["ood", ["run", "--data", ".", "--ood", "nowhere"]],
    ["model", ["score", "nowhere", "a.jpg"]],
    ["inspected", ["data", "inspect", "nowhere"]],
  ])("missing path: %s", async (_name, args) => {
    const { stderr, status } = await oalInside(args, here);
    expect(status).toBe(3);
    expect(stderr).toContain("OAL-D101");
    expect(stderr).toContain("nowhere: no such file or folder");
  });

  it("leaves nothing behind", () => {
    expect(readdirSync(folder).filter((name) => !name.endsWith(".yaml"))).toEqual([]);
  });
});

describe("data inspect", () => {
  it("exits as the run would, and prints every problem of all sources", async () => {
    for (const [name, count] of [
      ["ant", 4],
      ["bee", 3],
    ] as const) {
      mkdirSync(join(folder, "photos.d", name), { recursive: true });
      for (let i = 0; i < count; i++) writeFileSync(join(folder, "photos.d", name, `${i}.png`), "no picture");
    }
    const args = ["data", "inspect", "photos.d", "--ood", "photos.d#ant", "--json"];
    const found = await oalInside(args, here);
    expect(found.status).toBe(3);
    expect(JSON.parse(found.stdout)).toMatchObject({
      format: "imageFolder",
      images: 7,
      sets: [{ name: "train" }, { name: "photos.d-ant", images: 4 }],
      problems: [{ code: "OAL-D112", details: { classes: [{ className: "bee", count: 3 }], needed: 4 } }],
    });
    const checked = await oalInside([...args.slice(0, -1), "--check"], here);
    expect(checked.stdout).toContain("3 problems, for which oal run would refuse:");
    expect(checked.stdout).toContain("photos.d#ant: 4 images cannot be read");
    rmSync(join(folder, "photos.d"), { recursive: true });
  });
});

describe("config", () => {
  it("prints a commented file that gives the same configuration again", async () => {
    const yaml = await oalInside(
      ["config", "cifar10-small", "--set", "student.epochs=3", "--seed", "7"],
      here,
    );
    expect(yaml.status).toBe(0);
    expect(yaml.stdout).toContain("  epochs: 3 # passes over the training images");
    writeFileSync(join(folder, "b.yaml"), yaml.stdout);
    const first: unknown = JSON.parse(
      (
        await oalInside(
          ["config", "cifar10-small", "--set", "student.epochs=3", "--seed", "7", "--json"],
          here,
        )
      ).stdout,
    );
    expect(first).toMatchObject({ seed: 7, student: { network: "airbench", epochs: 3 } });
    expect(JSON.parse((await oalInside(["config", "b.yaml", "--json"], here)).stdout)).toEqual(first);
  });

  it("prints the JSON schema", async () => {
    expect(JSON.parse((await oalInside(["config", "--schema"], here)).stdout)).toMatchObject({
      type: "object",
      properties: { student: { properties: { epochs: { type: "number" } } } },
    });
  });

  it("lists the registries", async () => {
    const listed: unknown = JSON.parse((await oalInside(["list", "--json"], here)).stdout);
    expect(listed).toMatchObject({
      detectors: expect.arrayContaining([expect.objectContaining({ id: "ebo" })]),
      presets: expect.arrayContaining([expect.objectContaining({ id: "cifar10-small" })]),
    });
  });
});
