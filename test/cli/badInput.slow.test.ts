import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Random } from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oalInside, type Ended } from "./inside.js";

const folder = mkdtempSync(join(tmpdir(), "oal-bad-"));
const cache = join(folder, "cache");
process.env["OAL_CACHE"] = cache;
afterAll(() => {
  delete process.env["OAL_CACHE"];
  rmSync(folder, { recursive: true, force: true });
});
const here = { cwd: folder };
const at = (...path: string[]): string => join(folder, ...path);

const random = new Random(1, "test/pictures");

/** A noisy picture; `which` decides every pixel. */
async function picture(path: string, which: number): Promise<void> {
  mkdirSync(dirname(at(path)), { recursive: true });
  const pixels = Uint8Array.from(random.uniforms(which, 20 * 18 * 3), (u) => u * 256);
  await sharp(pixels, { raw: { width: 20, height: 18, channels: 3 } })
    .png()
    .toFile(at(path));
}

const classes = ["ant", "bee", "cow"];

beforeAll(async () => {
  for (const [c, name] of classes.entries())
    for (let i = 0; i < 10; i++) await picture(`good/${name}/${i}.png`, 100 * c + i);
  for (let i = 0; i < 4; i++) await picture(`unknown/${i}.png`, 1000 + i);
});

/** A copy of the good folder with one thing wrong. */
function broken(name: string, wrong: (path: string) => void): string {
  cpSync(at("good"), at(name), { recursive: true });
  wrong(at(name));
  return name;
}

const small = [
  "threads=1",
  "data.size=16",
  "data.embeddedOod=false",
  "teacher={network: resnetSmall, width: 4, batchSize: 8, epochs: 2}",
  "boundary={noise: 8, rounds: 1}",
].flatMap((setting) => ["--set", setting]);

const teacher = (data: string, out: string, ...more: string[]): Promise<Ended> =>
  oalInside(["teacher", "--quiet", "--data", data, "--out", out, ...small, ...more], here);

interface Told {
  readonly stage: string;
  readonly kind: string;
  readonly text?: string;
}

function warnings(out: string): string[] {
  const lines = readFileSync(at(out, "events.jsonl"), "utf8").trim().split("\n");
  return lines
    .map((line): Told => JSON.parse(line))
    .filter(({ kind }) => kind === "warning")
    .map(({ stage, text }) => `${stage}: ${text}`);
}

function artifact(out: string, stage: string): string {
  const name = readdirSync(at(out, "artifacts")).find((each) => each.startsWith(`${stage}-`));
  return at(out, "artifacts", name ?? "");
}

describe("bad images", () => {
  it.each([
    [
      "an empty class",
      "OAL-D104",
      'class "fly" has no image',
      (path: string) => mkdirSync(join(path, "fly")),
    ],
    [
      "a single class",
      "OAL-D105",
      '"ant" is the only class',
      (path: string) => {
        for (const name of ["bee", "cow"]) rmSync(join(path, name), { recursive: true });
      },
    ],
    [
      "a corrupt image",
      "OAL-D102",
      "bee/3.png: ",
      (path: string) => writeFileSync(join(path, "bee", "3.png"), "no picture"),
    ],
    [
      "a truncated image",
      "OAL-D102",
      "cow/7.png: ",
      (path: string) => truncateSync(join(path, "cow", "7.png"), 300),
    ],
    [
      "a class too small to split",
      "OAL-D112",
      'class "bee" has 2 image(s)',
      (path: string) => {
        for (let i = 2; i < 10; i++) rmSync(join(path, "bee", `${i}.png`));
      },
    ],
  ])("%s: %s", async (name, code, message, wrong) => {
    const path = broken(name.replaceAll(" ", "-"), wrong);
    const { status, stderr } = await teacher(path, `run-${path}`);
    expect(stderr).toContain(`${code} `);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(status).toBe(3);
  });

  it("a bad line in an image list, named with its number", async () => {
    const list = (lines: readonly string[]): Promise<Ended> => {
      writeFileSync(at("good", "list.txt"), lines.join("\n") + "\n");
      return teacher("good", "run-list", "--set", "data.id={path: ., list: list.txt}");
    };
    const good = classes.flatMap((name, c) => [0, 1, 2, 3].map((i) => `${name}/${i}.png ${c}`));
    const hole = await list(good.map((line) => line.replace(/1$/, "5")));
    expect([hole.status, hole.stderr]).toEqual([3, expect.stringMatching(/^OAL-D10[48] /)]);
    const word = await list([...good, "ant/5.png ant"]);
    expect(word.stderr).toContain("list.txt:13: ");
    expect([word.status, word.stderr]).toEqual([3, expect.stringMatching(/^OAL-D107 /)]);
    rmSync(at("good", "list.txt"));
  });

  it("a label that is none of the training classes", async () => {
    for (const [i, name] of ["ant", "dog"].entries()) await picture(`test/${name}/0.png`, 2000 + i);
    const { status, stderr } = await teacher("good", "run-label", "--set", `data.test.path=${at("test")}`);
    expect([status, stderr]).toEqual([3, expect.stringMatching(/^OAL-D140 .*: 2 problems\n/)]);
    expect(stderr).toContain("OAL-D143");
    expect(stderr).toContain('"dog" is not among the 3 classes of training');
    expect(stderr).toContain('2 classes have no image: "bee", "cow"');
  });

  it("--skip-bad passes over so many and not more", async () => {
    const path = broken("two-bad", (root) => {
      writeFileSync(join(root, "ant", "1.png"), "");
      writeFileSync(join(root, "bee", "1.png"), "no picture");
    });
    const few = await teacher(path, "run-skip", "--skip-bad", "1");
    expect([few.status, few.stderr]).toEqual([3, expect.stringMatching(/^OAL-D110 .*--skip-bad allows 1/)]);
    const enough = await teacher(path, "run-skip", "--skip-bad", "2");
    expect(enough.stderr).toContain("2 unreadable image(s) passed over, the first: ant/1.png");
    expect(enough.status).toBe(0);
  });
});

describe("a run over poor but usable data", () => {
  const args = [
    "outliers",
    "sample",
    "--quiet",
    "--data",
    "good",
    "--ood",
    "unknown",
    "--ood",
    "shared",
    "--out",
    "run",
    ...small,
  ];

  it("warns of overlapping sets and of a K that is too large", async () => {
    await picture("shared/new.png", 3000);
    for (let i = 0; i < 10; i++) cpSync(at("good", "ant", `${i}.png`), at("shared", `${i}.png`));
    const { status, stderr } = await oalInside(args, here);
    expect(status, stderr).toBe(0);
    const told = warnings("run");
    const overlaps = told.filter((text) => text.includes("OAL-D201"));
    expect(overlaps).toEqual(
      [
        "7 image(s) of shared are also training",
        "1 image(s) of shared are also validation",
        "2 image(s) of shared are also test",
      ].map((text) => `data: ${text} images (OAL-D201)`),
    );
    expect(told).toContainEqual(
      expect.stringMatching(/^boundary: boundary\.k: 300 reduced to \d+ in 3 of 3 classes/),
    );
    for (const text of told) expect(stderr).toContain(text.slice(text.indexOf(" ") + 1));
  });

  it("makes a damaged artifact and a damaged cache shard again, to the same bits", async () => {
    const files = [
      join(artifact("run", "teacher"), "parameters.safetensors"),
      ...readdirSync(cache, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith("shard-000.bin"))
        .map((name) => join(cache, name)),
    ];
    const before = files.map((path) => readFileSync(path));
    for (const path of files) {
      const bytes = readFileSync(path);
      bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 4;
      writeFileSync(path, bytes);
    }
    const known = warnings("run").length;
    const { status, stderr } = await oalInside(args, here);
    expect(status, stderr).toBe(0);
    const told = warnings("run").slice(known);
    expect(told.filter((text) => text.includes("shard-000.bin") && text.includes("made again"))).not.toEqual(
      [],
    );
    expect(told).toContainEqual(
      expect.stringMatching(
        /^teacher: .*parameters\.safetensors is damaged: its content has changed.*made again/,
      ),
    );
    const used = new Set(told.flatMap((text) => /(\S*shard-000\.bin)/.exec(text)?.[1] ?? []));
    for (const [i, path] of files.entries()) {
      if (i === 0 || used.has(path))
        expect(readFileSync(path).equals(before[i] ?? Buffer.alloc(0))).toBe(true);
    }
  });
});

describe("training that diverges", () => {
  it("stops with the term and the step, and keeps the last good checkpoint", async () => {
    const wild =
      "{network: resnetSmall, width: 4, batchSize: 8, epochs: 20, learningRate: 100, weightDecay: 1, schedule: constant, warmup: 0}";
    // The state is looked at when a checkpoint is due, so that both runs must have them alike to stop in one step.
    const settings = ["--set", `teacher=${wild}`, "--set", "checkpointSeconds=0.001"];
    const { status, stderr } = await teacher("good", "wild", ...settings);
    expect(stderr).toMatch(
      /^OAL-T101 teacher: "\S+" became (NaN|-?Infinity) at step \d+\nthe last good checkpoint/m,
    );
    expect(status).toBe(5);
    const step = Number(/at step (\d+)/.exec(stderr)?.[1]);
    const artifacts = join(process.env["OAL_STORE"] ?? "", "artifacts");
    const key = /"teacher": "([0-9a-f]{12})/.exec(readFileSync(at("wild", "run.json"), "utf8"))?.[1];
    const checkpoints = readdirSync(join(artifacts, `.teacher-${key}.checkpoints`));
    const kept = checkpoints.filter((name) => name.startsWith("step-")).sort();
    expect(kept.at(-1)).toMatch(/^step-\d{9}\.safetensors$/);
    expect(Number(kept.at(-1)?.slice(5, 14))).toBeLessThanOrEqual(step);
    const json = await teacher("good", "wild", "--json", ...settings);
    expect(json.status).toBe(5);
    expect(JSON.parse(json.stdout)).toMatchObject({
      error: { code: "OAL-T101", details: { stage: "teacher", step } },
    });
  });
});

describe("training that ends in one answer for everything", () => {
  it("is said", async () => {
    const decayed =
      "{network: resnetSmall, width: 4, batchSize: 8, epochs: 1, learningRate: 1, weightDecay: 1, momentum: 0, nesterov: false, schedule: constant, warmup: 0}";
    const { status, stderr } = await teacher("good", "constant", "--set", `teacher=${decayed}`);
    expect(stderr).toMatch(/^teacher: warning: teacher gives every validation image the same class/m);
    expect(status).toBe(0);
  });
});

describe("a disk that is full", () => {
  it.skipIf(!existsSync("/dev/full"))("is named", async () => {
    mkdirSync(at("full"));
    symlinkSync("/dev/full", at("full", "events.jsonl"));
    const { status, stderr } = await teacher("good", "full");
    expect(stderr).toContain(`OAL-I101 ${at("full", "events.jsonl")}: cannot write (the disk is full)`);
    expect(status).toBe(7);
    expect(readdirSync(at("full")).sort()).toEqual(["artifacts", "events.jsonl", "run.json"]);
  });
});
