import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { zipBytes } from "../testing/archives.js";
import { miniatureOpenOod } from "../testing/miniatureOpenOod.js";
import { checkProtocol, type ProtocolCheck } from "./check.js";
import { openProtocol, type OpenedProtocol } from "./openProtocol.js";

const folder = mkdtempSync(join(tmpdir(), "oal-check-"));
const root = join(folder, "OpenOOD", "data");
let small: OpenedProtocol;

beforeAll(async () => {
  vi.stubEnv("OAL_CACHE", join(folder, "cache"));
  mkdirSync(root, { recursive: true });
  const { protocol } = openProtocol("openood-v1.5/cifar10", folder);
  const sets = await miniatureOpenOod(protocol.sets, root, { side: 2, classes: 3, each: 2 });
  small = { protocol: { ...protocol, classes: 3, sets }, root };
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const faults = async (opened: OpenedProtocol): Promise<Record<string, readonly string[]>> => {
  const { sets } = await checkProtocol(opened);
  return Object.fromEntries(
    sets.flatMap(({ name, problems }) => (problems.length > 0 ? [[name, problems]] : [])),
  );
};

describe("the protocols that come with oal", () => {
  it("are found below the folder or its data, where OpenOOD has them", () => {
    expect(openProtocol("openood-v1.5/cifar10", root).root).toBe(root);
    expect(openProtocol("openood-v1.5/cifar10", join(folder, "OpenOOD")).root).toBe(root);
    expect(() => openProtocol("cifar100")).toThrow('did you mean "openood-v1.5/cifar100"?');
    expect(() => openProtocol("openood-v1.5/cifar10", join(folder, "nowhere"))).toThrow("nowhere: no such");
    writeFileSync(join(folder, "file"), "");
    expect(() => openProtocol("openood-v1.5/cifar10", join(folder, "file"))).toThrow("is a folder");
  });
});

it("a set's path is taken as it is where it is there, and else its last part names a part of the source", () => {
  const own = join(folder, "own.json");
  writeFileSync(
    own,
    JSON.stringify({
      known: "own",
      train: "photos#1",
      test: "photos#val",
      unknown: [{ name: "others", path: "photos" }],
    }),
  );
  const setsOf = (): unknown =>
    openProtocol(own)
      .protocol.sets.slice(0, 2)
      .map(({ path, split }) => [path, split]);
  mkdirSync(join(folder, "photos"));
  expect(setsOf()).toEqual([
    ["photos", "1"],
    ["photos", "val"],
  ]);
  mkdirSync(join(folder, "photos#1"));
  expect(setsOf()).toEqual([
    ["photos#1", undefined],
    ["photos", "val"],
  ]);
});

describe("data in OpenOOD's layout", () => {
  it("are complete where all is there, and their lists are noted by the first check", async () => {
    const first = await checkProtocol(small);
    expect(first.complete).toBe(true);
    expect(first.sets.map(({ name, images }) => [name, images])).toEqual([
      ["train", 6],
      ["validation", 6],
      ["test", 6],
      ["val_tin", 4],
      ["cifar100", 4],
      ["tin", 4],
      ["mnist", 4],
      ["svhn", 4],
      ["texture", 4],
      ["places365", 4],
    ]);
    expect(first.sets[0]).toMatchObject({ comparedWith: "now", absent: 0, expected: 6 });
    const again = await checkProtocol(small);
    expect(again.sets[0]?.comparedWith).toBe(new Date().toISOString().slice(0, 10));
    expect(again.complete).toBe(true);
  });

  it("differ where the published counts are other ones", async () => {
    const found = await faults(openProtocol("openood-v1.5/cifar10", root));
    expect(found["test"]).toEqual(["it has 6 images, and the protocol 9000"]);
    expect(Object.keys(found)).toHaveLength(10);
  });

  it("are complete as soon as the right lists are there, whatever was checked before them", async () => {
    vi.stubEnv("OAL_CACHE", join(folder, "other-cache"));
    const list = join(root, "benchmark_imglist", "cifar10", "test_tin.txt");
    const right = readFileSync(list, "utf8");
    writeFileSync(list, right.split("\n").slice(1).join("\n"));
    expect((await faults(small))["tin"]).toEqual(["it has 3 images, and the protocol 4"]);
    writeFileSync(list, right);
    expect(await faults(small)).toEqual({});
    expect((await checkProtocol(small)).complete).toBe(true);
    vi.stubEnv("OAL_CACHE", join(folder, "cache"));
  });

  it("lack the images that are not there, and not all of them where the first class has no folder", async () => {
    const path = join("images_classic", "train");
    const sets = small.protocol.sets.filter(({ name }) => name === "train");
    renameSync(join(root, path, "0"), join(root, path, "away"));
    const { sets: checked } = await checkProtocol({ ...small, protocol: { ...small.protocol, sets } });
    renameSync(join(root, path, "away"), join(root, path, "0"));
    expect(checked[0]?.absent).toBe(2);
  });

  it("are said set by set: a list that changed, images that are gone, a list that is none", async () => {
    const lists = join(root, "benchmark_imglist", "cifar10");
    const kept = readFileSync(join(lists, "test_tin.txt"), "utf8");
    appendFileSync(join(lists, "test_tin.txt"), "tin/images/9.png -1\n");
    rmSync(join(root, "images_classic", "svhn", "images", "2.png"));
    rmSync(join(lists, "test_mnist.txt"));
    writeFileSync(join(lists, "test_texture.txt"), "texture/images/0.png first\n");
    const found = await faults(small);
    expect(Object.keys(found)).toEqual(["tin", "mnist", "svhn", "texture"]);
    expect(found["tin"]).toEqual([
      "it has 5 images, and the protocol 4",
      expect.stringContaining("1 of its 5 images is not under"),
      expect.stringMatching(
        /another one than the one that was noted here on 20.*; where the list is right now, delete .*lists\.json$/,
      ),
    ]);
    expect(found["mnist"]).toEqual([expect.stringMatching(/test_mnist\.txt is not there$/)]);
    expect(found["svhn"]).toEqual([expect.stringContaining("1 of its 4 images is not under")]);
    expect(found["texture"]?.join()).toContain('label "first" is not a class number');
    writeFileSync(join(lists, "test_tin.txt"), kept);
  });

  it("of an older version are told by their counts and the list that it lacks", async () => {
    const lists = join(root, "benchmark_imglist", "cifar10");
    const val = small.protocol.sets.map((set) => (set.name === "val_tin" ? { ...set, path: "gone" } : set));
    const withoutImages = await checkProtocol({ ...small, protocol: { ...small.protocol, sets: val } });
    expect(withoutImages.sets.find(({ name }) => name === "val_tin")?.problems).toHaveLength(1);
    expect(withoutImages.notes.join()).not.toContain("v1.0");
    rmSync(join(lists, "val_tin.txt"));
    const { notes } = await checkProtocol(small);
    expect(notes.join()).toContain("lists of OpenOOD v1.0 (val_tin.txt is missing)");
  });

  it("must not choose by images that they measure", async () => {
    const lists = join(root, "benchmark_imglist", "cifar10");
    writeFileSync(join(lists, "val_tin.txt"), readFileSync(join(lists, "test_tin.txt")));
    const { complete, problems } = await checkProtocol(small);
    expect(complete).toBe(false);
    expect(problems).toEqual([expect.stringContaining("val_tin and tin have 4 images in common")]);
  });
});

describe("a protocol of one's own", () => {
  const file = join(folder, "own.yaml");
  const write = (text: string): string => {
    writeFileSync(file, text);
    return file;
  };

  it("is ten lines of YAML, its paths beside it", async () => {
    const written = write(
      [
        "title: colours",
        "train: OpenOOD/data/images_classic/train",
        "test: { path: OpenOOD/data/images_classic/test, count: 6 }",
        "unknown:",
        "  - { name: tin, group: near, path: OpenOOD/data/images_classic/tin, count: 5 }",
        "  - { name: mnist, path: OpenOOD/data/images_classic/mnist }",
      ].join("\n"),
    );
    const opened = openProtocol(written);
    expect(opened.protocol.sets.map(({ name, role }) => [name, role])).toEqual([
      ["train", "train"],
      ["test", "test"],
      ["tin", "near"],
      ["mnist", "far"],
    ]);
    expect(await faults(opened)).toEqual({ tin: ["it has 4 images, and the protocol 5"] });
  });

  it.each([
    ["an unknown key", "test: a\nunknwn: []\n", 'own.yaml:2: unknown key "unknwn"'],
    ["no unknown sets", "test: a\nunknown: []\n", "must be at least 1"],
    ["no test", "unknown: [{name: a, path: a}]\n", "OAL-C202"],
    [
      "two sets of a name",
      "test: a\nunknown: [{name: a, path: a}, {name: a, path: b}]\n",
      "own.yaml:2: unknown.1.name: two sets are called a",
    ],
    ...["near", "far", "nearood", "farood"].map((name): [string, string, string] => [
      `a set called ${name}`,
      `test: a\nunknown:\n  - {name: a, path: a}\n  - {name: ${name}, path: b}\n`,
      `own.yaml:4: unknown.1.name: "${name}" is what tables call the mean over a group`,
    ]),
    [
      "shifted images called as a mean",
      "test: a\nshifted: [{name: far, path: a}]\nunknown: [{name: a, path: b}]\n",
      'own.yaml:2: shifted.0.name: "far" is what tables call',
    ],
    ["no YAML", "test: [\n", "own.yaml:2"],
  ])("with %s is refused", (_what, text, sentence) => {
    const opening = (): OpenedProtocol => openProtocol(write(text));
    // what to do is said of protocols, not of configurations
    expect(opening).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining("docs/benchmark.md") }),
    );
    expect(opening).toThrow(
      sentence.startsWith("OAL") ? expect.objectContaining({ code: sentence }) : sentence,
    );
  });

  it("may change its lists, which is a note, and shares no record with a file of that name elsewhere", async () => {
    const own = (place: string, lines: readonly string[]): string => {
      mkdirSync(join(folder, place), { recursive: true });
      writeFileSync(join(folder, place, "tin.txt"), lines.map((line) => `${line} -1\n`).join(""));
      const path = join(folder, place, "birds.yaml");
      writeFileSync(
        path,
        [
          "test: ../OpenOOD/data/images_classic/test",
          "unknown: [{ name: tin, path: ../OpenOOD/data/images_classic, list: tin.txt }]",
        ].join("\n"),
      );
      return path;
    };
    const check = async (place: string): Promise<ProtocolCheck> => {
      const before = process.cwd();
      process.chdir(join(folder, place));
      return checkProtocol(openProtocol("birds.yaml")).finally(() => process.chdir(before));
    };
    own("first", ["tin/images/0.png"]);
    own("second", ["tin/images/1.png"]);
    expect((await check("first")).sets.at(-1)?.comparedWith).toBe("now");
    expect((await check("second")).sets.at(-1)?.comparedWith).toBe("now");
    own("first", ["tin/images/0.png", "tin/images/1.png"]);
    const changed = await check("first");
    expect(changed).toMatchObject({
      complete: true,
      notes: [expect.stringMatching(/^tin: its list is another/)],
    });
    expect((await check("first")).notes).toEqual([]);
  });

  it("may state the hash of a list or file, and of nothing else", async () => {
    const sha256 = createHash("sha256").update("another").digest("hex");
    const hashed = (path: string): string =>
      write(
        `test: OpenOOD/data/images_classic/test\nunknown: [{ name: a, path: ${path}, sha256: "${sha256}" }]\n`,
      );
    const place = "OpenOOD/data/images_classic/mnist";
    expect(await faults(openProtocol(hashed(place)))).toEqual({
      a: [expect.stringContaining("is no single file")],
    });
    const pictures = ["0.png", "1.png"].map((name) => ({
      name: `a/${name}`,
      body: readFileSync(join(folder, place, "images", name)),
    }));
    writeFileSync(join(folder, "mnist.zip"), zipBytes(pictures));
    expect(await faults(openProtocol(hashed("mnist.zip")))).toEqual({
      a: [expect.stringMatching(/^its file is another one than the protocol's/)],
    });
  });

  it("has the hashes of its lists kept in the cache", () => {
    expect(existsSync(join(folder, "cache", "benchmark", "lists.json"))).toBe(true);
  });
});
