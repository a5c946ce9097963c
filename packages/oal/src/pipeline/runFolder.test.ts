import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OalError } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifactKey, type Artifact } from "./artifact.js";
import { canonicalJson } from "./canonical.js";
import { loadConfiguration, type Configuration } from "./configuration/index.js";
import { readEvents } from "./events.js";
import { obtain, type Wanted } from "./plan/obtain.js";
import { publish } from "./publish.js";
import { run as runAll } from "./run.js";
import { readRunManifest, RunFolder } from "./runFolder.js";
import type { StudentInstance } from "./seeds.js";
import { modelFileOf } from "./openModel.js";
import { danglingLinks } from "./runLinks.js";
import { ArtifactStore } from "./store/artifactStore.js";
import { removeUnused, storeContents } from "./store/contents.js";
import { writeError } from "../runtime/systemError.js";
import { versions } from "./versions.js";
import { testManifest } from "../testing/manifest.js";

const root = mkdtempSync(join(tmpdir(), "oal-pipeline-"));
const configuration = loadConfiguration();
const before = process.env["OAL_STORE"];
beforeAll(() => {
  process.env["OAL_STORE"] = join(root, "store");
});
afterAll(() => {
  if (before === undefined) delete process.env["OAL_STORE"];
  else process.env["OAL_STORE"] = before;
  rmSync(root, { recursive: true, force: true });
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof OalError) return error.code;
  throw new Error("no error of oal", { cause: error });
}

async function inRun<T>(
  name: string,
  body: (run: RunFolder) => Promise<T>,
  config: Configuration = configuration,
): Promise<T> {
  const run = await RunFolder.open(join(root, name), config);
  try {
    return await body(run);
  } finally {
    run.close();
  }
}

/** An artifact with the files of an evaluation or report, whose key depends on `version`. */
function make(
  run: RunFolder,
  name: string,
  version = 1,
  inputs: Record<string, string> = {},
): Promise<Artifact> {
  const identity = { stage: name, version, slice: {}, seed: 0, inputs, data: {} };
  const wanted: Wanted = {
    name,
    identity,
    key: artifactKey(identity),
    make({ folder }) {
      for (const below of ["models", "scores"]) mkdirSync(join(folder, below));
      const files = [
        `models/${name.split(":")[1] ?? ""}.onnx`,
        "scores/id.csv",
        "report.html",
        "results.csv",
        "results.json",
        "differences.json",
      ];
      for (const file of files) writeFileSync(join(folder, file), `${name} ${version}`);
      return Promise.resolve({ metrics: { accuracy: 0.5 } });
    },
  };
  const { store, events } = run;
  const workshop = { store, events, versions: versions(), signal: new AbortController().signal };
  return obtain(wanted, workshop).then(({ artifact }) => artifact);
}

/** One student of the first seed. */
function evaluationsOf(method: string, artifact: Artifact): Map<StudentInstance, Artifact> {
  return new Map([[{ method, seed: 0, label: method }, artifact]]);
}

const shown = (name: string, file: string): string | null => {
  const path = join(root, name, file);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
};

const messages = (name: string): string[] =>
  readEvents(join(root, name, "events.jsonl")).flatMap(({ kind, text }) =>
    kind === "message" ? [text ?? ""] : [],
  );

describe("keys", () => {
  it("depend on content, not on order", () => {
    expect(canonicalJson({ b: [1, { d: undefined, c: null }], a: "x" })).toBe('{"a":"x","b":[1,{"c":null}]}');
    const identity = { stage: "a", version: 1, slice: { x: 1, y: 2 }, seed: 0, inputs: {}, data: {} };
    expect(artifactKey({ ...identity, slice: { y: 2, x: 1 } })).toBe(artifactKey(identity));
  });
});

describe("a run folder", () => {
  it("links to artifacts and keeps what a finished run shows as files of its own", async () => {
    await inRun("whole", async (run) => {
      const evaluation = await make(run, "evaluation:ce");
      await run.note("evaluation:ce", evaluation);
      const report = await make(run, "report");
      await run.note("report", report);
      await publish(run, { evaluations: evaluationsOf("ce", evaluation), comparison: report, report });
    });
    const [link = ""] = readdirSync(join(root, "whole", "artifacts"));
    expect(lstatSync(join(root, "whole", "artifacts", link)).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(root, "whole")).sort()).toEqual(
      ["artifacts", "differences.json", "events.jsonl", "models", "report.html", "results.csv", "results.json", "run.json", "scores"], // prettier-ignore
    );
    const manifest = readRunManifest(join(root, "whole"));
    expect(manifest?.current).toMatchObject({ finished: expect.any(String), decides: "oal" });
    expect(manifest?.current.stages["evaluation:ce"]?.folder).toBe(`artifacts/${link}`);
    expect(await danglingLinks(join(root, "whole"))).toEqual([]);
    // what a copy to another machine is: the same folder without the store
    renameSync(join(root, "store"), join(root, "elsewhere"));
    try {
      expect(await danglingLinks(join(root, "whole"))).toHaveLength(2);
      expect(shown("whole", "models/ce.onnx")).toBe("evaluation:ce 1");
    } finally {
      renameSync(join(root, "elsewhere"), join(root, "store"));
    }
  });

  it("begins a new run for another configuration, says so, and shows the finished one until the new one ends", async () => {
    const finish = (name: string, version: number, report: boolean) => async (run: RunFolder) => {
      const evaluation = await make(run, `evaluation:${name}`, version);
      await run.note(`evaluation:${name}`, evaluation);
      const page = report ? await make(run, "report", version) : undefined;
      await publish(run, { evaluations: evaluationsOf(name, evaluation), comparison: page, report: page });
    };
    await inRun("again", finish("ce", 1, true));
    const other = loadConfiguration(undefined, { set: ["seed=7", "methods=[kd]"] });
    await inRun("again", (run) => run.note("teacher", { ...nothing(run), key: "half" }), other);
    expect(messages("again")).toEqual([expect.stringContaining("another configuration than the last time")]);
    expect(shown("again", "models/ce.onnx")).toBe("evaluation:ce 1");
    expect(readRunManifest(join(root, "again"))).toMatchObject({
      current: { finished: null, decides: "kd" },
      previous: { finished: expect.any(String), decides: "oal" },
    });
    await inRun("again", finish("kd", 2, false), other);
    expect([shown("again", "models/ce.onnx"), shown("again", "models/kd.onnx")]).toEqual([
      null,
      "evaluation:kd 2",
    ]);
    // the report was the earlier run's
    expect(shown("again", "report.html")).toBeNull();
    expect(readRunManifest(join(root, "again"))?.previous).toBeNull();
    // a number of threads makes no other run
    const threads = loadConfiguration(undefined, { set: ["seed=7", "methods=[kd]", "threads=1"] });
    await inRun("again", () => Promise.resolve(), threads);
    expect(messages("again")).toHaveLength(1);
  });

  it("shows what was made anew by another version of a stage, the configuration being the same", async () => {
    const finish = (version: number) => async (run: RunFolder) => {
      const evaluation = await make(run, "evaluation:ce", version);
      await run.note("evaluation:ce", evaluation);
      await publish(run, { evaluations: evaluationsOf("ce", evaluation) });
    };
    await inRun("newer", finish(1));
    await inRun("newer", finish(2));
    expect(shown("newer", "models/ce.onnx")).toBe("evaluation:ce 2");
  });

  it("links to where an artifact lies now, also when the store has moved since", async () => {
    const store = process.env["OAL_STORE"];
    await inRun("moved", async (run) => run.note("a", await make(run, "moving")));
    try {
      process.env["OAL_STORE"] = join(root, "other-store");
      await inRun("moved", async (run) => {
        const artifact = await make(run, "moving");
        await run.note("a", artifact);
        const link = join(root, "moved", run.record.stages["a"]?.folder ?? "");
        expect(readlinkSync(link)).toBe(artifact.folder);
      });
    } finally {
      process.env["OAL_STORE"] = store;
    }
  });

  it("begins a new run for other data", async () => {
    await inRun("data", async (run) => {
      await run.note("data", await make(run, "data", 1));
      await run.note("teacher", await make(run, "teacher", 1));
    });
    await inRun("data", async (run) => run.note("data", await make(run, "data", 2)));
    expect(messages("data")).toEqual([expect.stringContaining("other data than the last time")]);
    expect(Object.keys(readRunManifest(join(root, "data"))?.current.stages ?? {})).toEqual(["data"]);
  });

  it("shows the models and scores of further seeds under names of their own", async () => {
    await inRun("seeds", async (run) => {
      const [first, second] = [await make(run, "evaluation:oal", 6), await make(run, "evaluation:oal", 7)];
      for (const { folder } of [first, second]) writeFileSync(join(folder, "scores", "oal-id.csv"), folder);
      const evaluations = new Map<StudentInstance, Artifact>([
        [{ method: "oal", seed: 3, label: "oal" }, first],
        [{ method: "oal", seed: 4, label: "oal.seed4" }, second],
      ]);
      await publish(run, { evaluations });
      expect(shown("seeds", "models/oal.seed4.onnx")).toBe("evaluation:oal 7");
      expect(shown("seeds", "scores/oal-id.csv")).toBe(first.folder);
      expect(shown("seeds", "scores/oal.seed4-id.csv")).toBe(second.folder);
    });
  });

  it("shows the scores in other forms, which the comparison wrote, beside the CSV files", async () => {
    await inRun("forms", async (run) => {
      const [evaluation, comparison] = [
        await make(run, "evaluation:oal", 8),
        await make(run, "comparison", 8),
      ];
      rmSync(join(comparison.folder, "scores", "id.csv"));
      mkdirSync(join(comparison.folder, "scores", "npz", "oal-msp"), { recursive: true });
      writeFileSync(join(comparison.folder, "scores", "npz", "oal-msp", "id.npz"), "an archive");
      await publish(run, { evaluations: evaluationsOf("oal", evaluation), comparison });
      expect(shown("forms", "scores/npz/oal-msp/id.npz")).toBe("an archive");
      expect(shown("forms", "scores/id.csv")).toBe("evaluation:oal 8");
      expect(Object.keys(run.record.published)).toContain("scores/npz/oal-msp/id.npz");
    });
  });

  it("mends what was deleted of its files, and copies nothing that is there", async () => {
    const once = async (run: RunFolder): Promise<void> => {
      const evaluation = await make(run, "evaluation:oal", 5);
      const report = await make(run, "report", 5);
      await publish(run, { evaluations: evaluationsOf("oal", evaluation), comparison: report, report });
    };
    await inRun("mend", once);
    const time = lstatSync(join(root, "mend", "report.html")).mtimeMs;
    await inRun("mend", once);
    expect(lstatSync(join(root, "mend", "report.html")).mtimeMs).toBe(time);
    rmSync(join(root, "mend", "models"), { recursive: true });
    await inRun("mend", once);
    expect(shown("mend", "models/oal.onnx")).toBe("evaluation:oal 5");
  });

  it("scores with the model that decides, as the finished run left it, and with nothing else that lies there", async () => {
    const finish = async (run: RunFolder): Promise<void> => {
      const evaluation = await make(run, "evaluation:oal", 6);
      await publish(run, { evaluations: evaluationsOf("oal", evaluation) });
    };
    const leave = (name: string, model: string): void => {
      mkdirSync(join(root, name, "models"), { recursive: true });
      writeFileSync(join(root, name, "models", `${model}.onnx`), "of somebody else");
    };
    const file = join(root, "scored", "models", "oal.onnx");
    await inRun("scored", finish);
    leave("scored", "kd");
    expect(await modelFileOf(join(root, "scored"))).toBe(file);
    expect(await modelFileOf(file)).toBe(file);
    leave("scored", "oal");
    expect(await codeOf(modelFileOf(join(root, "scored")))).toBe("OAL-I103");
    rmSync(file);
    expect(await codeOf(modelFileOf(join(root, "scored")))).toBe("OAL-I103");
    await inRun("begun", () => Promise.resolve());
    leave("begun", "oal");
    expect(await codeOf(modelFileOf(join(root, "begun")))).toBe("OAL-I121");
    expect(await codeOf(modelFileOf(join(root, "nowhere")))).toBe("OAL-D101");
  });

  it("refuses a run folder of another format and leaves it alone", async () => {
    const path = join(root, "format");
    mkdirSync(path);
    writeFileSync(join(path, "run.json"), '{"format": 1}');
    expect(await codeOf(RunFolder.open(path, configuration))).toBe("OAL-I104");
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  it("leaves a folder of something else alone, whatever a finished run would put in its place", async () => {
    const path = join(root, "photos");
    mkdirSync(join(path, "models"), { recursive: true });
    writeFileSync(join(path, "models", "mine.onnx"), "mine");
    const call = { config: configuration, out: path, until: "data" };
    expect(await codeOf(runAll(call))).toBe("OAL-C308");
    expect(await codeOf(RunFolder.open(path, configuration))).toBe("OAL-C308");
    mkdirSync(join(root, "theirs", "artifacts"), { recursive: true });
    writeFileSync(join(root, "theirs", "artifacts", "mine.png"), "mine");
    expect(await codeOf(RunFolder.open(join(root, "theirs"), configuration))).toBe("OAL-C308");
    expect(readdirSync(path)).toEqual(["models"]);
  });

  it.each([
    ["empty", []],
    ["with hidden files", [".DS_Store"]],
    ["of a run killed before run.json", ["events.jsonl"]],
    ["of a run killed while it wrote run.json", ["run.json.77"]],
  ])("takes a folder %s", async (name, files) => {
    mkdirSync(join(root, name, "artifacts"), { recursive: true });
    if (files.length === 0) rmSync(join(root, name, "artifacts"), { recursive: true });
    else symlinkSync(join(root, "gone"), join(root, name, "artifacts", "teacher-1"));
    for (const file of files) writeFileSync(join(root, name, file), "");
    await inRun(name, (run) => run.plan({}));
    expect(readdirSync(join(root, name))).toContain("run.json");
  });

  it("starts anew over a damaged run.json, and sweeps what a killed process left", async () => {
    await inRun("torn", async (run) => run.note("teacher", await make(run, "teacher")));
    writeFileSync(join(root, "torn", "run.json.123"), "half");
    writeFileSync(join(root, "torn", "run.json"), '{"format": 2, "sta');
    await inRun("torn", async (run) => run.note("teacher", await make(run, "teacher")));
    expect(Object.keys(readRunManifest(join(root, "torn"))?.current.stages ?? {})).toEqual(["teacher"]);
    expect(readdirSync(join(root, "torn")).sort()).toEqual(["artifacts", "events.jsonl", "run.json"]);
  });

  it("reports a folder that cannot be written", async () => {
    writeFileSync(join(root, "file"), "");
    expect(await codeOf(RunFolder.open(join(root, "file", "run"), configuration))).toBe("OAL-I101");
    expect(await codeOf(RunFolder.open(join(root, "file"), configuration))).toBe("OAL-I101");
    for (const code of ["EACCES", "EROFS", "ENOSPC"]) {
      const error = writeError("/a", Object.assign(new Error(code), { code }));
      expect(error instanceof OalError && error.code).toBe("OAL-I101");
    }
    if (process.getuid?.() === 0) return; // root may write anywhere; the command line's test drops its rights
    mkdirSync(join(root, "locked"));
    chmodSync(join(root, "locked"), 0o500);
    expect(await codeOf(RunFolder.open(join(root, "locked"), configuration))).toBe("OAL-I101");
  });
});

describe("the store", () => {
  it("that cannot be written is named with OAL_STORE, and never waited for", async () => {
    const usual = process.env["OAL_STORE"];
    writeFileSync(join(root, "no-folder"), "");
    const places = [
      join(root, "no-folder"),
      join(root, "no-folder", "below"),
      ...(existsSync("/proc/self") ? ["/proc/oal"] : []),
    ];
    for (const place of places) {
      process.env["OAL_STORE"] = place;
      expect(await codeOf(RunFolder.open(join(root, "storeless"), configuration))).toBe("OAL-I106");
    }
    expect(await codeOf(storeContents(new ArtifactStore(join(root, "no-folder"))))).toBe("OAL-I106");
    expect(await storeContents(new ArtifactStore(join(root, "nothing-yet")))).toEqual([]);
    process.env["OAL_STORE"] = usual;
    expect(existsSync(join(root, "storeless"))).toBe(false);
  });

  it("knows which runs name an artifact, also through what was made from it, and drops only the rest", async () => {
    const store = await inRun("owner", async (run) => {
      const base = await make(run, "base", 9);
      const kept = await make(run, "kept", 9, { base: base.key });
      await make(run, "unnamed", 9);
      await run.note("kept", kept);
      return run.store;
    });
    const entries = await storeContents(store);
    const runsOf = (stage: string): readonly string[] | undefined =>
      entries.find((entry) => entry.stage === stage)?.runs;
    expect([runsOf("base"), runsOf("kept"), runsOf("unnamed")]).toEqual([
      [join(root, "owner")],
      [join(root, "owner")],
      [],
    ]);
    const removed = await removeUnused(store, entries);
    expect(removed.map(({ stage }) => stage)).toContain("unnamed");
    expect(removed.map(({ stage }) => stage)).not.toContain("base");
    rmSync(join(root, "owner"), { recursive: true });
    const after = await storeContents(store);
    expect(after.find(({ stage }) => stage === "base")?.runs).toEqual([]);
  });
});

/** An artifact that only has a name. */
function nothing(run: RunFolder): Artifact {
  return {
    key: "",
    folder: join(run.store.artifacts, "nothing-000000000000"),
    manifest: testManifest(versions(), { key: "half", stage: "teacher" }),
  };
}
