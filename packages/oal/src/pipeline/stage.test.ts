import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { artifactKey, artifactFile, type Artifact } from "./artifact.js";
import { canonicalJson } from "./canonical.js";
import { loadConfiguration } from "./configuration/index.js";
import { EventLog, readEvents } from "./events.js";
import { RunFolder, readRunManifest } from "./runFolder.js";
import { runStage, type StageDefinition } from "./stage.js";
import { writeError } from "./systemError.js";

const root = mkdtempSync(join(tmpdir(), "oal-pipeline-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const configuration = loadConfiguration(undefined);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof OalError) return error.code;
  throw new Error("no error of oal", { cause: error });
}

let made = 0;
function teacher(more: Partial<StageDefinition> = {}): StageDefinition {
  return {
    name: "teacher",
    version: 1,
    slice: { epochs: 1 },
    inputs: {},
    body: (folder) => {
      made++;
      mkdirSync(join(folder, "deep"));
      writeFileSync(join(folder, "weights.bin"), "weights");
      writeFileSync(join(folder, "deep", "more.txt"), "more");
      return Promise.resolve({ metrics: { accuracy: 0.5 } });
    },
    ...more,
  };
}

async function inRun<T>(name: string, body: (run: RunFolder) => Promise<T>): Promise<T> {
  const run = await RunFolder.open(join(root, name), configuration);
  try {
    return await body(run);
  } finally {
    await run.close();
  }
}

describe("keys", () => {
  it("depend on content, not on order", () => {
    expect(canonicalJson({ b: [1, { d: undefined, c: null }], a: "x" })).toBe('{"a":"x","b":[1,{"c":null}]}');
    const identity = { stage: "a", version: 1, slice: { x: 1, y: 2 }, seed: 0, inputs: {}, data: {} };
    const key = artifactKey(identity);
    expect(artifactKey({ ...identity, slice: { y: 2, x: 1 } })).toBe(key);
    const others = [
      { version: 2 },
      { slice: { x: 1 } },
      { seed: 1 },
      { inputs: { a: "k" } },
      { data: { a: "k" } },
    ];
    for (const other of others) expect(artifactKey({ ...identity, ...other })).not.toBe(key);
  });
});

describe("runStage", () => {
  it("makes once, finds afterwards, makes again what depends on a change", async () => {
    made = 0;
    const first = await inRun("once", (run) => runStage(run, teacher()));
    expect(first.manifest.metrics).toEqual({ accuracy: 0.5 });
    expect(Object.keys(first.manifest.files)).toEqual(["deep/more.txt", "weights.bin"]);
    const again = await inRun("once", (run) => runStage(run, teacher()));
    expect([again.key, again.folder, made]).toEqual([first.key, first.folder, 1]);
    const [student, changed] = await inRun("once", async (run) => {
      const body = teacher({ name: "student:oal", inputs: { teacher: first } });
      return [await runStage(run, body), await runStage(run, teacher({ slice: { epochs: 2 } }))] as const;
    });
    expect(student.manifest.inputs).toEqual({ teacher: first.key });
    expect(student.folder).toContain("student-oal-");
    expect(changed.key).not.toBe(first.key);
    const stages = readRunManifest(join(root, "once"))?.stages;
    expect(stages?.["teacher"]?.key).toBe(changed.key);
    expect(stages?.["student:oal"]?.folder).toMatch(/^artifacts\/student-oal-/);
  });

  it.each([
    ["changed", (artifact: Artifact) => writeFileSync(artifactFile(artifact, "weights.bin"), "weighst")],
    ["cut short", (artifact: Artifact) => writeFileSync(artifactFile(artifact, "weights.bin"), "we")],
    ["missing", (artifact: Artifact) => rmSync(artifactFile(artifact, "weights.bin"))],
    ["without manifest", (artifact: Artifact) => rmSync(artifactFile(artifact, "artifact.json"))],
    [
      "with half a manifest",
      (artifact: Artifact) => writeFileSync(artifactFile(artifact, "artifact.json"), '{"for'),
    ],
  ])("makes a damaged artifact again, with a warning: %s", async (name, damage) => {
    made = 0;
    damage(await inRun(name, (run) => runStage(run, teacher())));
    const again = await inRun(name, (run) => runStage(run, teacher()));
    expect(made).toBe(2);
    expect(readFileSync(artifactFile(again, "weights.bin"), "utf8")).toBe("weights");
    const warnings = readEvents(join(root, name, "events.jsonl")).filter(({ kind }) => kind === "warning");
    expect(warnings.map(({ text }) => text?.includes("made again"))).toEqual([true]);
  });

  it("keeps checkpoints of a stopped attempt, and nothing else of it", async () => {
    const stop = new AbortController();
    const stopped = teacher({
      body: (folder, _events, signal) => {
        writeFileSync(join(folder, "checkpoints", "step5"), "5");
        writeFileSync(join(folder, "half.bin"), "half");
        stop.abort(new Error("stopped"));
        signal.throwIfAborted();
        return Promise.resolve();
      },
    });
    await expect(inRun("stop", (run) => runStage(run, stopped, stop.signal))).rejects.toThrow("stopped");
    expect(readdirSync(join(root, "stop", "artifacts")).every((name) => name.startsWith("."))).toBe(true);
    let seen: string[] = [];
    const going = teacher({
      body: (folder) => {
        seen = readdirSync(folder, { recursive: true, encoding: "utf8" });
        return Promise.resolve();
      },
    });
    const artifact = await inRun("stop", (run) => runStage(run, going));
    expect(seen.sort()).toEqual(["checkpoints", join("checkpoints", "step5")]);
    expect(readdirSync(artifact.folder)).toEqual(["artifact.json"]);
  });

  it("turns a full disk inside a stage into OAL-I101", async () => {
    const body = (): Promise<void> => {
      writeFileSync("/dev/full", "x");
      return Promise.resolve();
    };
    if (!existsSync("/dev/full")) return;
    expect(await codeOf(inRun("full", (run) => runStage(run, teacher({ body }))))).toBe("OAL-I101");
  });
});

describe("run folder", () => {
  it("refuses a second run in this process and in another", async () => {
    const path = join(root, "two");
    await inRun("two", async () => {
      expect(await codeOf(RunFolder.open(path, configuration))).toBe("OAL-I102");
    });
    const other = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"]);
    await new Promise((done) => other.stdout.once("data", done));
    mkdirSync(join(path, "run.lock"));
    const ticks = existsSync("/proc/self/stat")
      ? (readFileSync(`/proc/${other.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "")
      : "";
    const owner = { pid: other.pid, host: (await import("node:os")).hostname(), since: "2026", ticks };
    writeFileSync(join(path, "run.lock.json"), JSON.stringify(owner));
    await expect(RunFolder.open(path, configuration)).rejects.toThrow(`process ${other.pid} on`);
    const gone = new Promise((done) => other.once("exit", done));
    other.kill("SIGKILL");
    await gone;
    // the lock of a killed process is taken over at once
    await inRun("two", () => Promise.resolve());
    expect(existsSync(join(path, "run.lock"))).toBe(false);
  });

  it("refuses a run folder of another format and leaves it alone", async () => {
    const path = join(root, "format");
    mkdirSync(path);
    writeFileSync(join(path, "run.json"), '{"format": 99}');
    expect(await codeOf(RunFolder.open(path, configuration))).toBe("OAL-I104");
    expect(readdirSync(path)).toEqual(["run.json"]);
  });

  it("starts anew over a damaged run.json", async () => {
    await inRun("torn", (run) => runStage(run, teacher()));
    for (const name of ["run.json.123", "run.lock.json.4"]) writeFileSync(join(root, "torn", name), "half");
    writeFileSync(join(root, "torn", "run.json"), '{"format": 1, "sta');
    await inRun("torn", (run) => runStage(run, teacher()));
    expect(Object.keys(readRunManifest(join(root, "torn"))?.stages ?? {})).toEqual(["teacher"]);
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

describe("event log", () => {
  it("appends, tells the listener, warns once and heals a line cut short", () => {
    const path = join(root, "events.jsonl");
    writeFileSync(path, '{"time":1,"stage":"a","kind":"done"}\n{"time":2,"sta');
    const heard: string[] = [];
    const log = new EventLog(path, (event) => heard.push(event.kind));
    const events = log.stage("student:oal");
    events.progress(3, 10, { terms: { loss: 0.5 } });
    events.progress(4, 10);
    events.progress(10, 10);
    events.warning("odd");
    events.warning("odd");
    log.close();
    expect(heard).toEqual(["progress", "progress", "warning"]);
    expect(readEvents(path).map(({ stage, kind, step }) => [stage, kind, step])).toEqual([
      ["a", "done", undefined],
      ["student:oal", "progress", 3],
      ["student:oal", "progress", 10],
      ["student:oal", "warning", undefined],
    ]);
  });
});
