// Which use of the outliers does best on validation OOD? Trains the same student with every combination of the CLUB terms
// (C), the exposure of decoded outliers (E2) and distillation on them (E8), over several seeds, and prints AUROC on the
// validation OOD images of the preset. docs/recipe.md has the results. It is stopped and resumed like any run.
//
//   node recipes/outlierUses.mjs --seeds 0,1,2,3                        # preset embedded, about 7 minutes a seed
//   node recipes/outlierUses.mjs folder --data photos.tar --seeds 0,1   # any other preset
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadConfiguration, OalError, run as runUntil } from "oal";

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "0,1,2,3" },
    out: { type: "string", default: "runs/uses" },
    data: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
  },
});
const withoutClub = ["mi.embWeight=0", "mi.latentWeight=0"];
const withoutUniform = ["exposure.uniformWeight=0"];
const withoutDistillation = ["exposure.distillWeight=0"];
const rows = [
  { name: "ce", method: "ce", set: [] },
  { name: "kd", method: "kd", set: [] },
  { name: "C", method: "oal", set: [...withoutUniform, ...withoutDistillation] },
  { name: "E2", method: "oal", set: [...withoutClub, ...withoutDistillation] },
  { name: "E8", method: "oal", set: [...withoutClub, ...withoutUniform] },
  { name: "C + E2", method: "oal", set: withoutDistillation },
  { name: "C + E8", method: "oal", set: withoutUniform },
  { name: "E2 + E8", method: "oal", set: withoutClub },
  { name: "C + E2 + E8", method: "oal", set: [] },
];
/** The weights that a row does not set to 0, whatever the preset's defaults are. */
const weights = ["mi.embWeight=0.1", "mi.latentWeight=0.2"];

const mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
const deviation = (list) =>
  Math.sqrt(list.reduce((sum, x) => sum + (x - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));
const percent = (x, digits = 1) => (100 * x).toFixed(digits);
const auroc = (result, group) =>
  Object.fromEntries(result.detectors.map((detector) => [detector.id, detector[group]?.metrics.auroc]));

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("uncaughtException", (error) => {
  if (stop.signal.aborted) {
    console.error("stopped; the same command goes on from here");
    process.exit(130);
  }
  const told = error instanceof OalError;
  console.error(told ? `${error.code}: ${error.message}\n${error.remedy}` : error);
  process.exit(told ? error.exit : 1);
});
const seeds = given.seeds.split(",").map(Number);
const measured = [];
for (const seed of seeds) {
  for (const { name, method, set } of rows) {
    const config = loadConfiguration(positionals[0], {
      ...(given.data === undefined ? {} : { data: given.data }),
      set: [`seed=${seed}`, "evaluation.bootstrap=0", ...weights, ...given.set, ...set],
    });
    const out = join(given.out, `${config.preset}-${seed}`);
    const onEvent = ({ kind, stage, text }) => {
      if (kind === "warning") console.error(`seed ${seed}, ${name}, ${stage}: ${text}`);
    };
    const run = await runUntil({
      config,
      out,
      methods: [method],
      onEvent,
      signal: stop.signal,
      until: "evaluation",
    });
    const path = join(run.artifacts[`evaluation:${method}`], "validation.json");
    const [validation] = JSON.parse(await readFile(path, "utf8"));
    const [test] = run.results;
    measured.push({
      seed,
      row: name,
      validationAccuracy: validation.idAccuracy,
      testAccuracy: test.idAccuracy,
      validation: auroc(validation, "near"),
      near: auroc(test, "near"),
      far: auroc(test, "far"),
    });
    console.error(`seed ${seed}, ${name}: ${percent(mean(Object.values(auroc(validation, "near"))))}`);
  }
}

if (given.json) {
  console.log(JSON.stringify(measured, null, 2));
} else {
  const detectors = Object.keys(measured[0].validation);
  const overDetectors = (row) =>
    measured.filter((one) => one.row === row).map((one) => mean(Object.values(one.validation)));
  const reference = overDetectors("kd");
  const lines = rows.map(({ name }) => {
    const all = measured.filter((one) => one.row === name);
    const differences = overDetectors(name).map((x, i) => x - reference[i]);
    const error = deviation(differences) / Math.sqrt(differences.length);
    return [
      name,
      percent(mean(all.map((one) => one.validationAccuracy))),
      ...detectors.map((detector) => percent(mean(all.map((one) => one.validation[detector])))),
      percent(mean(overDetectors(name)), 2),
      `${percent(mean(differences), 2)} ± ${percent(error, 2)}`,
      percent(mean(all.map((one) => one.testAccuracy))),
      ...["near", "far"].map((group) =>
        all.some((one) => Number.isFinite(one[group].ebo))
          ? percent(mean(all.map((one) => one[group].ebo)))
          : "",
      ),
    ];
  });
  const head = ["student", "val. accuracy", ...detectors, "mean", "minus kd", "test accuracy", "near", "far"];
  for (const line of [head, head.map(() => "---"), ...lines]) console.log(`| ${line.join(" | ")} |`);
}
