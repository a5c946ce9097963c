// How well does a model as it is know a folder of pictures? Fits it with several divisions of the folder into parts and prints every
// figure of each and their means: accuracy, AUROC against unknown pictures and with each class left out, the share of known test
// pictures that is kept. What the model says of pictures is computed once. docs/fit.md has the results for 480 photos.
//
//   node recipes/fitSplits.mjs MODEL --id photos.tar --unknown photos-unknown.tar              # splits 0 to 4
//   node recipes/fitSplits.mjs MODEL --id photos --splits 0,1,2 --keep 0.9 --json
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fitModel, OalError } from "oal";

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    id: { type: "string" },
    unknown: { type: "string" },
    splits: { type: "string", default: "0,1,2,3,4" },
    keep: { type: "string", default: "0.95" },
    json: { type: "boolean", default: false },
  },
});
const [model] = positionals;
if (model === undefined || given.id === undefined) {
  console.error("which model, and which pictures? node recipes/fitSplits.mjs MODEL --id FOLDER");
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), "oal-splits-"));
const fits = [];
try {
  for (const seed of given.splits.split(",").map(Number)) {
    const began = process.cpuUsage();
    const { result } = await fitModel({
      model,
      id: given.id,
      ...(given.unknown === undefined ? {} : { unknown: given.unknown }),
      out: join(folder, String(seed)),
      keep: Number(given.keep),
      seed,
    });
    const { user, system } = process.cpuUsage(began);
    fits.push({ seed, result, processorSeconds: (user + system) / 1e6 });
  }
} catch (error) {
  if (!(error instanceof OalError)) throw error;
  console.error(`${error.message}\n${error.remedy}`);
  process.exitCode = error.exit;
} finally {
  await rm(folder, { recursive: true, force: true });
}

const aurocOf = (own, kind) => own.sets.find((set) => set.kind === kind)?.metrics.auroc;
const rows = fits.map(({ seed, result, processorSeconds }) => ({
  split: seed,
  parts: [result.parts.train, result.parts.calibration, result.parts.test].join("/"),
  decides: result.decides,
  accuracy: result.accuracy?.value,
  ...Object.fromEntries(
    result.detectors.flatMap((own) => [
      [`${own.id} unknown`, aurocOf(own, "given")],
      [`${own.id} left out`, own.leaveClassOut?.mean],
      [`${own.id} kept`, own.kept?.value],
    ]),
  ),
  "chosen unknown": aurocOf(
    result.detectors.find(({ id }) => id === result.decides),
    "given",
  ),
  "processor seconds": processorSeconds,
}));
if (given.json) console.log(JSON.stringify(rows, null, 2));
else if (rows.length > 0) {
  const names = Object.keys(rows[0]);
  const mean = (name) => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
  const text = (name, value) =>
    typeof value !== "number"
      ? (value ?? "-")
      : name === "split"
        ? String(value)
        : name === "processor seconds"
          ? value.toFixed(1)
          : (100 * value).toFixed(2);
  for (const name of names) {
    const values = rows.map((row) => text(name, row[name]));
    const isNumber = name !== "split" && rows.every((row) => typeof row[name] === "number");
    console.log(
      [
        name.padEnd(18),
        ...values.map((value) => value.padStart(10)),
        isNumber ? `mean ${text(name, mean(name))}` : "",
      ]
        .join(" ")
        .trimEnd(),
    );
  }
}
