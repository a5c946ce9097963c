import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError, OalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { computedBy } from "../../training/computedBy.js";
import { artifactFile, parseManifest, type Artifact } from "../artifact.js";
import { loadConfiguration } from "../configuration/index.js";
import { listenerLogs, type RunEvent } from "../events.js";
import { loaded } from "../plugins/loaded.js";
import type { PreparedData } from "../stages/data.js";
import { ArtifactStore } from "../store/artifactStore.js";
import { tryClaim } from "../../runtime/claims/claim.js";
import { versions } from "../versions.js";
import { computedOn, describeEngine } from "../engineFacts.js";
import { attemptsName } from "./attempts.js";
import { lookEvery } from "./obtain.js";
import { planRun, type Plan } from "./planner.js";
import { oneSeed, type Lane, type Setting, type Stage } from "./stage.js";
import { readStageLog } from "./stageLog.js";
import { testEngine } from "../../testing/engine.js";
import { walkPlan, type StageWorkshop } from "./walk.js";
import { testManifest } from "../../testing/manifest.js";

const root = mkdtempSync(join(tmpdir(), "oal-plan-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const set = memoryImageSet("train", new Uint8Array(12), Int32Array.of(0), ["only"], ["a"]);
const stored = { set, folder: root };
const nothing: Artifact = {
  key: "",
  folder: root,
  manifest: testManifest(versions(), {}),
};
const data: PreparedData = {
  pictures: { resize: 32, crop: 32, interpolation: "bilinear" },
  train: stored,
  validation: stored,
  test: stored,
  ood: [],
  classNames: ["only"],
  normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
  orientation: "ignore",
  leftOut: [],
  artifact: nothing,
};
const config = loadConfiguration();
const setting: Setting = { config, data, models: {} };
const settings = oneSeed(setting);

/** A promise, and what settles it. */
function deferred() {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((accept, refuse) => ([resolve, reject] = [accept, refuse]));
  return { promise, resolve: () => resolve(), reject: (error: Error) => reject(error) };
}

/** A stage that writes its name and what it read. */
function stage(id: string, inputs: readonly string[] = [], more: Partial<Stage> = {}): Stage {
  return {
    id,
    version: 1,
    title: id,
    variants: () => [""],
    slice: () => ({}),
    inputs: () => Object.fromEntries(inputs.map((name) => [name, name])),
    run(job) {
      const read = inputs.map((name) => readFileSync(artifactFile(job.input(name), "text"), "utf8"));
      writeFileSync(join(job.folder, "text"), `${job.name}(${read.join(" ")})`);
      return Promise.resolve({ metrics: { one: 1 } });
    },
    ...more,
  };
}

interface Shop extends StageWorkshop {
  readonly heard: RunEvent[];
}

function workshop(name: string, signal = new AbortController().signal): Shop {
  const heard: RunEvent[] = [];
  const events = listenerLogs((event) => heard.push(event));
  return {
    store: new ArtifactStore(join(root, name)),
    events,
    versions: versions(),
    engine: () => Promise.resolve(testEngine),
    signal,
    heard,
  };
}

async function walk(
  stages: readonly Stage[],
  targets: readonly string[],
  shop: StageWorkshop,
): Promise<string[]> {
  const made: string[] = [];
  await walkPlan(planRun(stages, settings, targets), shop, (planned, _artifact, wasMade) => {
    if (wasMade) made.push(planned.name);
    return Promise.resolve();
  });
  return made;
}

function errorOf(body: () => unknown): OalError {
  try {
    body();
  } catch (error) {
    if (error instanceof OalError) return error;
  }
  throw new Error("no error of oal");
}

describe("a plan", () => {
  it("has what the targets need, each after what it reads, whatever order the stages are listed in", () => {
    const stages = [stage("c", ["a", "b"]), stage("unneeded"), stage("b", ["a"]), stage("a")];
    const names = planRun(stages, settings, ["c"]).stages.map(({ name }) => name);
    expect(names).toEqual(["a", "b", "c"]);
  });

  it("has other keys with another plugin where a variant or a key of a slice is of it, and there alone", () => {
    const stages = [
      stage("outliers", [], { variants: () => ["mine"] }),
      stage("student", [], { slice: () => ({ union: { members: { mine: 1, phase: 2 } } }) }),
      stage("teacher", [], { slice: () => ({ union: { members: { phase: 2 } } }) }),
    ];
    const keysWith = (hash: string): readonly string[] => {
      loaded.set("own.mjs", { path: "own.mjs", hash, added: { outlierSources: ["mine"] } });
      try {
        return planRun(stages, settings, ["outliers", "student", "teacher"]).stages.map(({ key }) => key);
      } finally {
        loaded.delete("own.mjs");
      }
    };
    const [first, second] = [keysWith("1"), keysWith("2")];
    expect(first.map((key, i) => key === second[i])).toEqual([false, false, true]);
  });

  it("says what each costs, under the name of its stage", () => {
    const arithmetic = { work: "step", operations: () => 3 } as const;
    const costly = stage("a", [], { effort: () => ({ unit: 1, like: 2, amount: 5, arithmetic }) });
    const [planned] = planRun([costly], settings, ["a"]).stages;
    const unit = ["a", costly.version, 1];
    expect(planned?.effort).toEqual({ unit, like: ["a", 2], amount: 5, arithmetic });
  });

  it("of several seeds makes each what its kind asks for, and shares what seeds do not change", () => {
    const stages = [
      stage("teacher"),
      stage("student", ["teacher"], { seeds: "students", variants: () => ["x"] }),
      stage("score", ["student:x"], { seeds: "students" }),
      stage("table", ["score", "score.seed5"], { seeds: "once" }),
    ];
    const lane = (seed: number, suffix: string): Lane => ({
      config: { ...config, seed },
      data,
      models: {},
      suffix,
    });
    const [first, second] = [lane(4, ""), lane(5, ".seed5")];
    const all = { config: { ...config, seed: 4 }, data, models: {} };
    const whole = planRun(stages, { run: [first, second], students: [first, second], all }, ["table"]);
    expect(whole.stages.map(({ name }) => name)).toEqual([
      "teacher",
      "student:x",
      "score",
      "teacher.seed5",
      "student:x.seed5",
      "score.seed5",
      "table",
    ]);
    const students = planRun(stages, { run: [first], students: [first, second], all }, ["table"]);
    expect(students.stages.map(({ name }) => name)).toEqual([
      "teacher",
      "student:x",
      "score",
      "student:x.seed5",
      "score.seed5",
      "table",
    ]);
    const keyOf = (plan: Plan, name: string): string | undefined =>
      plan.stages.find((planned) => planned.name === name)?.key;
    // a run of that seed alone has the same keys
    const alone = planRun(stages, oneSeed({ config: { ...config, seed: 5 }, data, models: {} }), ["score"]);
    expect(keyOf(whole, "score.seed5")).toBe(keyOf(alone, "score"));
    expect(keyOf(students, "score")).toBe(keyOf(whole, "score"));
    expect(keyOf(students, "score.seed5")).not.toBe(keyOf(whole, "score.seed5"));
    expect(keyOf(students, "student:x.seed5")).not.toBe(keyOf(students, "student:x"));
  });

  it("refuses a stage of the run that reads one student of several", () => {
    const stages = [stage("student", [], { seeds: "students" }), stage("map", ["student"])];
    expect(errorOf(() => planRun(stages, settings, ["map"]))).toMatchObject({ code: "OAL-C301" });
  });

  it("has one instance per variant, and keys that depend on version, slice, seed, sets, inputs and name", () => {
    const variants = stage("student", [], {
      variants: () => ["x", "y"],
      slice: (_setting, name) => ({ name }),
    });
    const [x, y] = planRun([variants], settings, ["student"]).stages;
    expect([x?.name, y?.name]).toEqual(["student:x", "student:y"]);
    expect(planRun([variants], settings, ["student:y"]).stages.map(({ key }) => key)).toEqual([y?.key]);
    const keyOf = (more: Partial<Stage>, first: Partial<Stage> = {}): string =>
      planRun([stage("a", [], first), stage("b", ["a"], more)], settings, ["b"]).stages[1]?.key ?? "";
    const keys = [
      keyOf({}),
      keyOf({ version: 2 }),
      keyOf({ slice: () => ({ epochs: 2 }) }),
      keyOf({ seed: () => 7 }),
      keyOf({ sets: () => ({ train: set }) }),
      keyOf({}, { version: 2 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf({})).toBe(keys[0]);
  });

  it("names stages that do not fit together", () => {
    const circle = errorOf(() => planRun([stage("a", ["b"]), stage("b", ["a"])], settings, ["a"]));
    expect(circle.message).toContain("a reads b reads a");
    const lost = errorOf(() => planRun([stage("a", ["b"])], settings, ["a"]));
    expect(lost.message).toBe("stage a: it reads b, which no stage makes");
    const twice = errorOf(() => planRun([stage("a"), stage("a")], settings, ["a"]));
    expect(twice.message).toContain("two stages have this name");
    const unknown = errorOf(() => planRun([stage("teacher")], settings, ["taecher"]));
    expect(isOalError(unknown, "OAL-C204") && unknown.details.near).toBe("teacher");
  });
});

describe("walking a plan", () => {
  it("makes each artifact once, finds it afterwards, and makes again what depends on a change", async () => {
    const stages = [stage("a"), stage("b", ["a"]), stage("c", ["b"])];
    expect(await walk(stages, ["c"], workshop("once"))).toEqual(["a", "b", "c"]);
    expect(await walk(stages, ["c"], workshop("once"))).toEqual([]);
    const changed = [stage("a"), stage("b", ["a"], { version: 2 }), stage("c", ["b"])];
    expect(await walk(changed, ["c"], workshop("once"))).toEqual(["b", "c"]);
    expect(await walk(stages, ["c"], workshop("once"))).toEqual([]);
    const names = readdirSync(join(root, "once", "artifacts"));
    expect(names.filter((name) => name.startsWith("."))).toEqual([]);
    expect(names).toHaveLength(5);
  });

  it("goes on without a stage that it may lose, and without what reads it", async () => {
    const failing = stage("b", ["a"], { run: () => Promise.reject(new Error("not today")) });
    const stages = [stage("a"), failing, stage("c", ["b"]), stage("d", ["a"]), stage("e", ["c", "d"])];
    const plan = planRun(stages, settings, ["e", "d"]);
    const asked: string[] = [];
    const found = await walkPlan(
      plan,
      workshop("lossy"),
      () => Promise.resolve(),
      ({ name }, error) => {
        asked.push(`${name}: ${String(error)}`);
        return true;
      },
    );
    expect(asked).toEqual(["b: Error: not today"]);
    expect([...found.keys()]).toEqual(["a", "d"]);
    await expect(walkPlan(plan, workshop("lossy"), () => Promise.resolve())).rejects.toThrow("not today");
  });

  it.each([
    ["changed", (path: string) => writeFileSync(join(path, "text"), "b()")],
    ["cut short", (path: string) => writeFileSync(join(path, "text"), "a")],
    ["missing", (path: string) => rmSync(join(path, "text"))],
    ["without manifest", (path: string) => rmSync(join(path, "artifact.json"))],
    ["with half a manifest", (path: string) => writeFileSync(join(path, "artifact.json"), '{"for')],
  ])("makes a damaged artifact again, with a warning: %s", async (name, damage) => {
    await walk([stage("a")], ["a"], workshop(name));
    const [folder = ""] = readdirSync(join(root, name, "artifacts"));
    damage(join(root, name, "artifacts", folder));
    const shop = workshop(name);
    expect(await walk([stage("a")], ["a"], shop)).toEqual(["a"]);
    expect(readFileSync(join(root, name, "artifacts", folder, "text"), "utf8")).toBe("a()");
    const warnings = shop.heard.filter(({ kind }) => kind === "warning");
    expect(warnings.map(({ text }) => text?.includes("made again"))).toEqual([true]);
  });

  it("keeps checkpoints of a stopped attempt, and nothing else of it", async () => {
    const stop = new AbortController();
    const stopped = stage("a", [], {
      run({ folder, checkpoints, signal }) {
        writeFileSync(join(checkpoints, "step5"), "5");
        writeFileSync(join(folder, "half"), "half");
        stop.abort(new Error("stopped"));
        signal.throwIfAborted();
        return Promise.resolve();
      },
    });
    await expect(walk([stopped], ["a"], workshop("stop", stop.signal))).rejects.toThrow("stopped");
    expect(readdirSync(join(root, "stop", "artifacts")).every((name) => name.startsWith("."))).toBe(true);
    const seen: string[][] = [];
    const going = stage("a", [], {
      run({ folder, checkpoints }) {
        seen.push(
          readdirSync(folder),
          readdirSync(checkpoints).filter((name) => name !== attemptsName),
        );
        return Promise.resolve();
      },
    });
    expect(await walk([going], ["a"], workshop("stop"))).toEqual(["a"]);
    expect(seen).toEqual([[], ["step5"]]);
    const left = readdirSync(join(root, "stop", "artifacts"));
    expect(left.filter((name) => name.startsWith("."))).toEqual([]);
    expect(readdirSync(join(root, "stop", "artifacts", left[0] ?? "")).sort()).toEqual([
      "artifact.json",
      "log.json",
    ]);
  });

  it("records curves and warnings the same whether it was interrupted or not", async () => {
    const stop = new AbortController();
    const trained = (from: number, stopAt = Infinity): Stage =>
      stage("a", [], {
        run({ events, signal }) {
          events.warning("odd");
          for (let step = from; step <= 4; step++) {
            events.emit({ kind: "loss", step, total: 4, terms: { total: 1 / step }, text: "a" });
            if (step === stopAt) stop.abort(new Error("stopped"));
            signal.throwIfAborted();
          }
          return Promise.resolve();
        },
      });
    await walk([trained(1)], ["a"], workshop("whole"));
    await expect(walk([trained(1, 3)], ["a"], workshop("halted", stop.signal))).rejects.toThrow("stopped");
    await walk([trained(2)], ["a"], workshop("halted"));
    const logOf = async (name: string): Promise<unknown> => {
      const [folder = ""] = readdirSync(join(root, name, "artifacts"));
      return readStageLog({ ...nothing, folder: join(root, name, "artifacts", folder) });
    };
    const points = [1, 2, 3, 4].map((step) => [step, 1 / step]);
    expect(await logOf("halted")).toEqual(await logOf("whole"));
    expect(await logOf("halted")).toEqual({ curves: { a: { total: points } }, warnings: ["odd"] });
  });

  it("turns a full disk inside a stage into OAL-I101", async () => {
    if (!existsSync("/dev/full")) return;
    const full = stage("a", [], {
      run() {
        writeFileSync("/dev/full", "x");
        return Promise.resolve();
      },
    });
    const error: unknown = await walk([full], ["a"], workshop("full")).catch((reason: unknown) => reason);
    expect(isOalError(error, "OAL-I101")).toBe(true);
  });

  it("records what else computed the first steps of a training that was interrupted", async () => {
    const elsewhere = { ...computedBy(testEngine.facts), version: "0.1.2" };
    const resumed = stage("a", [], {
      run({ resumedFrom }) {
        for (let training = 0; training < 2; training++) resumedFrom([elsewhere]);
        return Promise.resolve();
      },
    });
    const plan = planRun([resumed], settings, ["a"]);
    const made = await walkPlan(plan, workshop("elsewhere"), () => Promise.resolve());
    const found = made.get("a") ?? nothing;
    expect(found.manifest.earlierEngines).toEqual([elsewhere]);
    expect(computedOn([["a", found]])["computed on"]).toBe(
      `${describeEngine(testEngine.facts)}, begun on ${describeEngine(elsewhere)}`,
    );
  });

  it("records what computed an artifact, which changes no key", async () => {
    const shop = workshop("computed");
    const plan = planRun([stage("a")], settings, ["a"]);
    const keys = plan.stages.map(({ key }) => key);
    const made = await walkPlan(plan, shop, () => Promise.resolve());
    expect(made.get("a")?.manifest.engine).toEqual(testEngine.facts);
    expect(computedOn([["a", made.get("a") ?? nothing]])).toEqual({
      "computed on": describeEngine(testEngine.facts),
    });
    const elsewhere = { ...testEngine, facts: { ...testEngine.facts, device: "webgpu" as const } };
    const again = { ...shop, engine: () => Promise.resolve(elsewhere) };
    const found = await walkPlan(planRun([stage("a")], settings, ["a"]), again, () => Promise.resolve());
    expect(found.get("a")?.key).toBe(keys[0]);
    expect(found.get("a")?.manifest.engine?.device).toBe("cpu");
  });

  it("leaves what another process is making to it, does other stages meanwhile, and then waits, saying so", async () => {
    const stages = [stage("a"), stage("b"), stage("c", ["a", "b"])];
    const plan = planRun(stages, settings, ["c"]);
    const shop = workshop("shared");
    const attempt = await tryClaim(shop.store.claims, plan.stages[0]?.key ?? "");
    if (!("claim" in attempt)) throw new Error("not claimed");
    const made: string[] = [];
    const walking = walkPlan(plan, shop, (planned, _artifact, wasMade) => {
      if (wasMade) made.push(planned.name);
      return Promise.resolve();
    });
    while (!shop.heard.some(({ text }) => text?.includes("is making it; waiting")))
      await new Promise((done) => setTimeout(done, 20));
    expect(made).toEqual(["b"]);
    await attempt.claim.release();
    await walking;
    expect(made).toEqual(["b", "a", "c"]);
    expect(shop.heard.filter(({ text }) => text?.includes("waiting"))).toHaveLength(1);
  });

  it("refuses to keep an artifact whose claim was taken over meanwhile", async () => {
    const shop = workshop("lost");
    const lost = stage("a", [], {
      run({ folder }) {
        writeFileSync(join(folder, "text"), "late");
        const claims = readdirSync(shop.store.claims);
        const [name = ""] = claims.filter((each) => each.endsWith(".0"));
        mkdirSync(join(shop.store.claims, name.replace(/\.0$/, ".1")));
        return Promise.resolve();
      },
    });
    const error: unknown = await walk([lost], ["a"], shop).catch((reason: unknown) => reason);
    expect(isOalError(error, "OAL-I102")).toBe(true);
    expect(readdirSync(shop.store.artifacts).every((name) => name.startsWith("."))).toBe(true);
  });

  it("says what a stage warned of again when its artifact is found", async () => {
    const odd = stage("a", [], {
      run({ events }) {
        events.warning("odd");
        return Promise.resolve();
      },
    });
    const warningsIn = async (): Promise<unknown[]> => {
      const shop = workshop("warned");
      await walk([odd], ["a"], shop);
      return shop.heard.filter(({ kind }) => kind === "warning").map(({ text }) => text);
    };
    expect(await warningsIn()).toEqual(["odd"]);
    expect(await warningsIn()).toEqual(["odd"]);
  });

  describe("several stages at the same time", () => {
    /** A stage that ends when it is told to, or at the abort of its job. */
    function held(id: string, inputs: readonly string[] = []) {
      const gate = deferred();
      const began = deferred();
      const own = stage(id, inputs, {
        async run({ signal, folder, checkpoints }) {
          began.resolve();
          await Promise.race([
            gate.promise,
            new Promise((resolve) => signal.addEventListener("abort", resolve)),
          ]);
          if (signal.aborted) writeFileSync(join(checkpoints, "half"), "");
          signal.throwIfAborted();
          writeFileSync(join(folder, "text"), id);
        },
      });
      return { own, end: gate.resolve, fail: gate.reject, began: began.promise };
    }

    it("are as many as there are jobs, each when what it reads is there", async () => {
      const [a, b, c] = [held("a"), held("b"), held("c", ["a"])];
      const shop = { ...workshop("jobs together"), jobs: 2 };
      const walked = walk([a.own, b.own, stage("d"), c.own], ["a", "b", "d", "c"], shop);
      await Promise.all([a.began, b.began]);
      expect(shop.heard.filter(({ kind }) => kind === "done")).toEqual([]);
      a.end();
      await c.began;
      b.end();
      c.end();
      expect((await walked).sort()).toEqual(["a", "b", "c", "d"]);
    });

    it("stop where they have checkpointed when one of them fails, before the walk ends with its error", async () => {
      const [a, b] = [held("a"), held("b")];
      const shop = { ...workshop("jobs failing"), jobs: 2 };
      const walked = walk([a.own, b.own], ["a", "b"], shop);
      await Promise.all([a.began, b.began]);
      b.fail(new Error("b is broken"));
      await expect(walked).rejects.toThrow("b is broken");
      const left = readdirSync(join(root, "jobs failing"), { recursive: true }).map(String);
      expect(left.filter((path) => path.endsWith("half"))).toHaveLength(1);
      // its claim was given back
      a.end();
      expect(await walk([a.own], ["a"], workshop("jobs failing"))).toEqual(["a"]);
    });

    it("all stop at the abort of the walk", async () => {
      const [a, b] = [held("a"), held("b")];
      const stop = new AbortController();
      const walked = walk([a.own, b.own], ["a", "b"], { ...workshop("jobs aborted", stop.signal), jobs: 2 });
      await Promise.all([a.began, b.began]);
      stop.abort(new Error("enough"));
      await expect(walked).rejects.toThrow("enough");
      const left = readdirSync(join(root, "jobs aborted"), { recursive: true }).map(String);
      expect(left.filter((path) => path.endsWith("half"))).toHaveLength(2);
    });

    it("do what there is while another process makes one, and look again", async () => {
      const shop = { ...workshop("jobs beside others"), jobs: 2 };
      const plan = planRun([stage("a")], settings, ["a"]);
      const attempt = await tryClaim(shop.store.claims, plan.stages[0]?.key ?? "");
      if (!("claim" in attempt)) throw new Error("not claimed");
      const b = held("b");
      const walked = walk([stage("a"), b.own], ["a", "b"], shop);
      await b.began;
      const waits = (): boolean =>
        shop.heard.some(({ text }) => text?.includes("is making it; waiting") ?? false);
      await expect.poll(waits).toBe(true);
      await attempt.claim.release();
      await expect
        .poll(() => shop.heard.some((event) => event.stage === "a" && event.kind === "done"))
        .toBe(true);
      b.end();
      expect(await walked).toEqual(["a", "b"]);
    });
  });

  it("asks a stage whether it takes its inputs, made now or made before", async () => {
    const asked: string[] = [];
    const picky = (takes: boolean): Stage =>
      stage("b", ["a"], {
        refuse: ({ input }) => {
          asked.push(readFileSync(artifactFile(input("a"), "text"), "utf8"));
          return takes ? Promise.resolve() : Promise.reject(new Error("not of this"));
        },
      });
    expect(await walk([stage("a"), picky(true)], ["b"], workshop("picky"))).toEqual(["a", "b"]);
    await expect(walk([stage("a"), picky(false)], ["b"], workshop("picky"))).rejects.toThrow("not of this");
    expect(asked).toEqual(["a()", "a()"]);
  });

  it("asks once, however long another process makes it", async () => {
    const shop = workshop("asked once");
    let asked = 0;
    const picky = stage("a", [], {
      refuse: ({ events }) => {
        asked++;
        events.warning("it is odd");
        return Promise.resolve();
      },
    });
    const key = planRun([picky], settings, ["a"]).stages[0]?.key ?? "";
    const attempt = await tryClaim(shop.store.claims, key);
    if (!("claim" in attempt)) throw new Error("not claimed");
    const walked = walk([picky], ["a"], shop);
    const waits = (): boolean => shop.heard.some(({ text }) => text?.includes("; waiting") ?? false);
    await expect.poll(waits).toBe(true);
    await new Promise((done) => setTimeout(done, 2 * lookEvery));
    await attempt.claim.release();
    expect(await walked).toEqual(["a"]);
    expect([asked, shop.heard.filter(({ kind }) => kind === "warning").length]).toEqual([1, 1]);
  });

  it("notes how long work takes, but not of an attempt that went on where another was stopped", async () => {
    const stop = new AbortController();
    const timed = (stops: boolean): Stage =>
      stage("a", [], {
        effort: () => ({ unit: "work", amount: 1 }),
        run({ checkpoints, signal }) {
          if (stops) writeFileSync(join(checkpoints, "half"), "");
          if (stops) stop.abort(new Error("stopped"));
          signal.throwIfAborted();
          return Promise.resolve();
        },
      });
    await expect(walk([timed(true)], ["a"], workshop("timed", stop.signal))).rejects.toThrow("stopped");
    await walk([timed(false)], ["a"], workshop("timed"));
    expect(existsSync(join(root, "timed", "rates"))).toBe(false);
    await walk([timed(false)], ["a"], workshop("timed-whole"));
    expect(existsSync(join(root, "timed-whole", "rates"))).toBe(true);
  });

  it("counts the time of attempts that were stopped, and of those that were killed", async () => {
    const stop = new AbortController();
    const halved = (stops: boolean): Stage =>
      stage("a", [], {
        run({ checkpoints, signal }) {
          writeFileSync(join(checkpoints, "half"), "");
          if (stops) stop.abort(new Error("stopped"));
          signal.throwIfAborted();
          return Promise.resolve();
        },
      });
    const artifacts = join(root, "halved", "artifacts");
    await expect(walk([halved(true)], ["a"], workshop("halved", stop.signal))).rejects.toThrow("stopped");
    const [left = ""] = readdirSync(artifacts).filter((name) => name.endsWith(".checkpoints"));
    const path = join(artifacts, left, attemptsName);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ earlier: 0 });
    expect(readFileSync(path, "utf8")).toContain('"seconds"');
    // as if it had been killed 5,000 seconds after its start, and another before it been stopped after 100
    writeFileSync(path, JSON.stringify({ earlier: 100, began: Date.now() - 5_000_000 }));
    await walk([halved(false)], ["a"], workshop("halved"));
    const [folder = ""] = readdirSync(artifacts);
    const manifest = parseManifest(readFileSync(join(artifacts, folder, "artifact.json"), "utf8"));
    expect(Math.round((manifest?.seconds ?? 0) / 100)).toBe(51);
  });

  it("says after a while that a process without a name is at it, and takes over what nobody has beaten for", async () => {
    const shop = workshop("nameless");
    const plan = planRun([stage("a")], settings, ["a"]);
    const claim = join(shop.store.claims, `${plan.stages[0]?.key ?? ""}.0`);
    mkdirSync(claim, { recursive: true });
    writeFileSync(join(claim, "owner.json"), "");
    const walking = walkPlan(plan, shop, () => Promise.resolve());
    while (!shop.heard.some(({ text }) => text?.includes("left no name")))
      await new Promise((done) => setTimeout(done, 20));
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(claim, longAgo, longAgo);
    expect((await walking).has("a")).toBe(true);
  });
});
