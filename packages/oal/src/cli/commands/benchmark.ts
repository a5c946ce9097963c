/** `oal benchmark`: models of anyone and detectors on the sets of a protocol, as one table. */
import { basename, relative } from "node:path";
import { oalError, printable } from "oal-core";
import pc from "picocolors";
import { prepareBenchmark, type PreparedBenchmark } from "../../benchmark/benchmark.js";
import type { BenchmarkOptions, BenchmarkStage } from "../../benchmark/ground.js";
import type { AskedModels } from "../../benchmark/models.js";
import { needsSentences } from "../../benchmark/needs.js";
import { readParameters } from "../../benchmark/parameters.js";
import { protocols } from "../../benchmark/protocols/index.js";
import type { BenchmarkResult } from "../../benchmark/result.js";
import { legendOf, troubles } from "../../benchmark/forms/figures.js";
import { tableIn, type TableForm } from "../../benchmark/forms/index.js";
import { BenchmarkFolder } from "../../benchmark/write.js";
import type { ScoreFormat } from "../../evaluation/scoreForms.js";
import { nameOf } from "../../models/modelName.js";
import { inferenceEngine } from "../../pipeline/inferenceEngine.js";
import type { DeviceChoice } from "../../runtime/engines/index.js";
import { interruptible } from "../interrupt.js";
import type { ModelOptions } from "../modelOptions.js";
import { wantsColor } from "../output.js";
import { showProgress, type ProgressView } from "../progress.js";
import { loadOptionsOf } from "./loadOptions.js";

/** The options of `oal benchmark`. */
export interface BenchmarkCommandOptions extends ModelOptions {
  readonly protocol: string;
  readonly root?: string;
  readonly model: readonly string[];
  readonly detectors?: readonly string[];
  readonly search: boolean;
  readonly parameters?: string;
  readonly partial?: boolean;
  readonly limit?: number;
  readonly resamples?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly format?: TableForm;
  readonly scores?: readonly ScoreFormat[];
  readonly dryRun?: boolean;
  readonly threads?: number;
  readonly device?: DeviceChoice;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Benchmarks and prints. */
export async function benchmarkCommand(options: BenchmarkCommandOptions): Promise<void> {
  const { out = usualFolder(options.protocol), scores = ["npz", "parquet"], dryRun = false } = options;
  const { json = false, quiet = false, format = json ? "json" : "table" } = options;
  const models = modelsOf(options.model);
  const parameters = options.parameters === undefined ? undefined : readParameters(options.parameters);
  const folder = dryRun ? null : await BenchmarkFolder.open(out, scores);
  const view = showProgress({ quiet });
  const note = (sentence: string): void => (quiet ? undefined : view.note(printable(sentence)));
  const result = await interruptible({ resumes: true, note: (text) => view.note(text) }, async (signal) => {
    const engine = await inferenceEngine({
      device: options.device,
      threads: options.threads,
      onMessage: note,
    });
    const asked: BenchmarkOptions = {
      protocol: options.protocol,
      root: options.root,
      models,
      detectors: options.detectors,
      search: options.search,
      parameters,
      partial: options.partial,
      limit: options.limit,
      resamples: options.resamples,
      seed: options.seed,
      load: loadOptionsOf("oal benchmark", options),
      engine,
      signal,
      onProgress: progressOf(view),
      onMessage: note,
      onScores: async (model, seed, sets, detectors) => folder?.writeScores({ model, seed, sets, detectors }),
    };
    const prepared = await prepareBenchmark(asked);
    for (const sentence of [...prepared.notes, ...needsSentences(prepared.needs)]) note(sentence);
    if (!folder) return plannedOnly(prepared, json);
    const found = await prepared.run();
    await folder.finish(found, new Date().toISOString());
    return found;
  }).finally(() => view.close());
  if (result === null) return;
  process.stdout.write(tableIn(format, result));
  if (format === "table") process.stdout.write(describe(result, out));
  // a table for a program or a paper is that and nothing else; what is to be known of it is said beside it
  else for (const line of toldOf(result, wantsColor(process.stderr))) process.stderr.write(`${line}\n`);
}

/** Nothing is computed; as JSON the needs are the answer. */
function plannedOnly({ needs, notes }: PreparedBenchmark, json: boolean): null {
  process.stdout.write(json ? `${JSON.stringify({ ...needs, notes }, null, 2)}\n` : "");
  return null;
}

/** "benchmarks/openood-v1.5/cifar10" for that protocol, "benchmarks/cifar10" for "own/cifar10.yaml". */
function usualFolder(protocol: string): string {
  const isListed = protocols.some(({ id }) => id === protocol);
  return `benchmarks/${isListed ? protocol : basename(protocol).replace(/\.(ya?ml|json)$/i, "")}`;
}

/**
 * Models by name, files of one name being its seeds.
 *
 * @throws OAL-C313
 */
export function modelsOf(given: readonly string[]): AskedModels[] {
  const byName = new Map<string, string[]>();
  for (const text of given) {
    const match = /^([A-Za-z0-9][A-Za-z0-9 ._+-]*)=(.*)$/.exec(text);
    const paths = (match?.[2] ?? text).split(",").map((path) => path.trim());
    if (paths.includes(""))
      throw oalError("OAL-C313", {
        problem: `--model ${printable(text)} names no file, or has a comma too many`,
      });
    const name = match?.[1] ?? nameOf(paths[0] ?? text);
    const own = byName.get(name) ?? [];
    const twice = paths.find((path, i) => own.includes(path) || paths.indexOf(path) < i);
    if (twice !== undefined)
      throw oalError("OAL-C313", {
        problem: `${printable(twice)} is given twice for the model ${printable(name)}`,
      });
    byName.set(name, [...own, ...paths]);
  }
  return [...byName].map(([name, files]) => ({ name, files }));
}

const words: Readonly<Record<BenchmarkStage, string>> = {
  check: "check data",
  images: "images",
  pictures: "decode",
  detectors: "detectors",
  inside: "in the model",
  intervals: "intervals",
};

/** Progress by stage, after two seconds. */
function progressOf(view: ProgressView): NonNullable<BenchmarkOptions["onProgress"]> {
  const began = Date.now();
  let last = -Infinity;
  return (stage, done, total, text) => {
    const time = Date.now();
    // what is done at once needs no line
    if (time - began < 2000 || time - last < 100 || (stage === "check" && done >= total)) return;
    last = time;
    view.show({
      time,
      stage: words[stage],
      kind: "progress",
      step: done,
      total,
      ...(text === undefined ? {} : { text }),
    });
  };
}

/** What is not as it should be, a line each. */
function toldOf(result: BenchmarkResult, color: boolean): string[] {
  const { yellow } = pc.createColors(color);
  return [
    ...result.protocol.deviations.map((text) => `${yellow("not the whole protocol:")} ${printable(text)}`),
    ...troubles(result).map((text) => `${yellow("note:")} ${printable(text)}`),
  ];
}

/** What stands under the table. */
function describe(result: BenchmarkResult, out: string): string {
  const color = wantsColor(process.stdout);
  const { dim } = pc.createColors(color);
  const shown = printable(relative(process.cwd(), out) || ".");
  return [
    dim(legendOf(result)),
    ...result.protocol.notes.map((text) => dim(text)),
    ...toldOf(result, color),
    `report: ${shown}/report.html   ${dim(`all figures: ${shown}/results.json; give the parameters back with --parameters ${shown}/parameters.json`)}`,
    "",
  ].join("\n");
}
