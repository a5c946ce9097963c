import { expect, it } from "vitest";
import { memoryImageSet, type ImageSet } from "../../data/imageSet.js";
import { withheldSet } from "../../data/withheld.js";
import type { UnknownGroup } from "../../evaluation/result.js";
import { loadConfiguration } from "../configuration/index.js";
import { planRun } from "../plan/planner.js";
import { oneSeed } from "../plan/stage.js";
import type { PreparedData } from "./data.js";
import { stages } from "./index.js";
import { versions } from "../versions.js";
import { testManifest } from "../../testing/manifest.js";

const images = (name: string, value: number) =>
  memoryImageSet(name, new Uint8Array(2 * 3 * 32 * 32).fill(value), [0, 1], ["a", "b"]);
const config = { ...loadConfiguration("embedded"), methods: ["ce"] };

const manifest = testManifest(versions(), {});

/** Keys of the plan of some stage, by name, with unknown sets of these groups. */
function keysOf(
  target: string,
  groups: Readonly<Record<string, UnknownGroup>>,
  withTest = true,
  settings = config,
) {
  const ood = Object.entries(groups).map(([name, group]) => ({
    name,
    group,
    folder: "",
    set: images(name, 9),
  }));
  const stored = (set: ImageSet) => ({ set, folder: "" });
  const data: PreparedData = {
    pictures: { resize: 32, crop: 32, interpolation: "bilinear" },
    train: stored(images("train", 1)),
    validation: stored(images("validation", 2)),
    test: stored(withTest ? images("test", 3) : withheldSet("test")),
    ood,
    classNames: ["a", "b"],
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    orientation: "ignore",
    leftOut: [],
    artifact: { key: "", folder: "", manifest },
  };
  const plan = planRun(stages.all, oneSeed({ config: settings, data, models: {} }), [target]);
  return new Map(plan.stages.map(({ name, key }) => [name, key]));
}

it("an evaluation is another one where a set plays another part, and the student is the same", () => {
  const near = keysOf("evaluation", { x: "near", y: "validation-near" });
  const far = keysOf("evaluation", { x: "far", y: "validation-near" });
  const chosen = keysOf("evaluation", { x: "near", y: "validation-far" });
  expect(new Set([near, far, chosen].map((keys) => keys.get("evaluation:ce"))).size).toBe(3);
  expect(far.get("student:ce")).toBe(near.get("student:ce"));
});

it("what is chosen by does not depend on sets of the test, and neither do the students, so that a run finds them", () => {
  const groups = { x: "near", y: "validation-near", z: "validation-far" } as const;
  const { x: _measured, ...choosing } = groups;
  const whole = keysOf("validation", groups);
  const search = keysOf("validation", choosing, false);
  expect([...search]).toEqual([...whole]);
  expect([...search.keys()]).toEqual(["student:ce", "validation:ce"]);
  expect(keysOf("evaluation", groups).get("student:ce")).toBe(search.get("student:ce"));
  const other = keysOf("validation", { y: "validation-near", z: "validation-near" }, false);
  expect(other.get("validation:ce")).not.toBe(search.get("validation:ce"));
});

it("tables and page are found again by a run with other threads, device and time between checkpoints", () => {
  const groups = { x: "near", y: "validation-near" } as const;
  const one = keysOf("report", groups);
  const elsewhere = { ...config, threads: 3, jobs: 2, device: "webgpu" as const, checkpointSeconds: 99 };
  expect([...keysOf("report", groups, true, elsewhere)]).toEqual([...one]);
  const other = keysOf("report", groups, true, {
    ...config,
    evaluation: { ...config.evaluation, keep: 0.5 },
  });
  for (const name of ["comparison", "report"]) expect(other.get(name)).not.toBe(one.get(name));
});
