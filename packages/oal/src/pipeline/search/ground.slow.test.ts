/** Pictures and models of a search: shared by candidates that read the same ones, and by no others. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { testEngine } from "../../testing/engine.js";
import { foreignModel } from "../../testing/foreignModel.js";
import { loadConfiguration } from "../configuration/index.js";
import { listenerLogs } from "../events.js";
import type { StageWorkshop } from "../plan/walk.js";
import { ArtifactStore } from "../store/artifactStore.js";
import { versions } from "../versions.js";
import { SearchGround } from "./rung.js";

// whatever machine the test runs on
vi.mock("../../runtime/memoryLimit.js", () => ({
  memoryLimit: () => ({ bytes: 2e9, source: "machine" }),
}));

const root = mkdtempSync(join(tmpdir(), "oal-search-ground-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(async () => {
  mkdirSync(join(root, "model"));
  writeFileSync(join(root, "model", "m.onnx"), foreignModel(32));
  const normalisation = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], do_normalize: true };
  writeFileSync(join(root, "model", "preprocessor_config.json"), JSON.stringify(normalisation));
  for (const [name, red] of [
    ["a", 0],
    ["b", 200],
  ] as const) {
    mkdirSync(join(root, name));
    const background = { r: red, g: 2, b: 3 };
    for (let i = 0; i < 2; i++)
      await sharp({ create: { width: 4 + i, height: 4, channels: 3, background } })
        .png()
        .toFile(join(root, name, `${i}.png`));
  }
});

const small = [
  "data.embedded={train: 20, validation: 20, test: 20, validationOod: 20, ood: 20}",
  "student.widths=[8,8,8]",
  "student.batchSize=16",
  "threads=1",
];
const load = (...set: string[]) =>
  loadConfiguration("embedded", {
    cwd: root,
    set: [...small, "teacher.widths=[8,8,8]", "teacher.batchSize=16", ...set],
  });

function ground(): SearchGround {
  const workshop: StageWorkshop = {
    store: new ArtifactStore(join(root, "store")),
    events: listenerLogs(),
    versions: versions(),
    engine: () => Promise.resolve(testEngine),
    signal: new AbortController().signal,
  };
  return new SearchGround(workshop, { force: false });
}

describe("a search", { timeout: 120_000 }, () => {
  it("opens the teacher of the point that has one, whatever points stand before it", async () => {
    const shared = ground();
    const of = (method: string) =>
      loadConfiguration("embedded", {
        cwd: root,
        teacher: "model/m.onnx",
        set: [...small, `methods=[${method}]`],
      });
    const without = await shared.settingsOf(of("ce"));
    expect(without.all.models.teacher).toBeUndefined();
    const taught = await shared.settingsOf(of("kd"));
    expect(taught.all.models.teacher?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(taught.all.config.methods).toEqual(["kd"]);
    // and those that read the same share it
    const again = await shared.settingsOf({ ...of("kd"), checkpointSeconds: 7 });
    expect(again.all.models.teacher).toBe(taught.all.models.teacher);
    expect(again.all.data).toBe(taught.all.data);
    expect(again.run[0]?.config.checkpointSeconds).toBe(7);
  });

  it("reads the outlier pictures of every point: its own, and none for a point without", async () => {
    const shared = ground();
    const shown = (path: string) =>
      load(
        "methods=[oal]",
        "exposure.outliers=folder",
        `folder.path=${join(root, path)}`,
        "exposure.distillWeight=0",
      );
    const none = await shared.settingsOf(load("methods=[kd]"));
    expect(none.all.data.outliers).toBeUndefined();
    const [first, second] = [await shared.settingsOf(shown("a")), await shared.settingsOf(shown("b"))];
    const hashes = [first, second].map(({ all }) => all.data.outliers?.set.contentHash);
    expect(hashes[0]).toBeDefined();
    expect(new Set(hashes).size).toBe(2);
    // the known pictures are the same
    expect(second.all.data.train.set.contentHash).toBe(none.all.data.train.set.contentHash);
  });

  it("refuses a point that memory does not hold, though an earlier one of the same pictures fits", async () => {
    const shared = ground();
    await shared.settingsOf(load("methods=[ce]"));
    const large = load("methods=[oal]", "synthesis.count=1000000");
    await expect(shared.settingsOf(large)).rejects.toMatchObject({ code: "OAL-R110" });
  });
});
