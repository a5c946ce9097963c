/** The commands around benchmarks: data check, benchmark. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { TableForm } from "../benchmark/forms/index.js";
import type { BenchmarkCommandOptions } from "./commands/benchmark.js";
import type { DataCheckOptions } from "./commands/dataCheck.js";
import { addModelOptions } from "./modelOptions.js";
import { collect, collectNames, deviceOption, examples, wholeNumber } from "./options.js";

/** The forms of the table; the compiler sees that none is forgotten, and nothing is loaded for it. */
const tableForms = {
  table: true,
  leaderboard: true,
  latex: true,
  markdown: true,
  json: true,
} satisfies Readonly<Record<TableForm, true>>;

/** Adds the check to the commands about data. */
export function addDataCheck(data: Command): void {
  data
    .command("check")
    .description(
      "whether the data of a benchmark are there: lists, counts, hashes, every image, and where the rest is to be had",
    )
    .argument("<protocol>", "name of a protocol (oal list protocols), or the YAML file of your own")
    .option(
      "--root <folder>",
      "what the protocol's paths are relative to; default: data or the current folder, for a file of yours its folder",
    )
    .option("--json", "as JSON")
    .option("-q, --quiet", "no progress")
    .addHelpText(
      "after",
      examples([
        "oal data check openood-v1.5/cifar10 --root OpenOOD/data",
        "oal data check my-protocol.yaml && oal benchmark --protocol my-protocol.yaml --model ours=model.onnx",
      ]),
    )
    .action(async (protocol: string, options: DataCheckOptions) => {
      const { dataCheckCommand } = await import("./commands/dataCheck.js");
      await dataCheckCommand(protocol, options);
    });
}

/** The forms of score files; the words stand here because the writers are loaded later. */
const scoreForms = ["npz", "parquet", "csv"] as const;

function scoreFormNames(text: string): readonly string[] {
  const found = text.split(",").map((word) => word.trim());
  if (found.length === 1 && found[0] === "none") return [];
  if (!found.every((word) => scoreForms.some((form) => form === word)))
    throw new InvalidArgumentError(`must be ${scoreForms.join(", ")} with commas between them, or none.`);
  return found;
}

/** Adds `oal benchmark`. */
export function addBenchmark(program: Command): void {
  const command = program
    .command("benchmark")
    .description(
      "models of any origin and detectors on the sets of a protocol: the table of OpenOOD with intervals and ties, scores of every image, a report",
    )
    .requiredOption("--protocol <name>", "a protocol (oal list protocols), or the YAML file of your own")
    .option("--root <folder>", "what the protocol's paths are relative to, as for oal data check")
    .addOption(
      new Option(
        "--model <name=file>",
        "a model, as NAME=FILE, or NAME=FILE,FILE with a file for every seed: ONNX files, model files of oal, runs, hf:OWNER/NAME, weights; repeatable",
      )
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--detectors <names>",
        "these, with commas between them, or all; default: the cheap ones that every run measures",
      ).argParser(collectNames),
    )
    .option(
      "--no-search",
      "parameters at their published defaults, instead of searched on the validation sets",
    )
    .option("--parameters <file>", "parameters as an earlier benchmark chose them (its parameters.json)")
    .option("--out <folder>", "folder for tables, scores and report; default benchmarks/PROTOCOL")
    .addOption(
      new Option("--format <form>", "what is printed; default table").choices(Object.keys(tableForms)),
    )
    .option(
      "--scores <forms>",
      "files of the scores of every image: npz (OpenOOD's), parquet, csv, none; default npz,parquet",
      scoreFormNames,
    )
    .option("--partial", "leave out sets that are not as the protocol says, and say so")
    .option("--limit <n>", "at most n images of each set: a try before the long run", wholeNumber(1))
    .option("--resamples <n>", "bootstrap resamples behind intervals; 0: none; default 2000", wholeNumber(0))
    .option("--seed <n>", "of the bootstrap; default 0", wholeNumber(0))
    .option("--dry-run", "check everything and say what is needed, compute nothing")
    .option("--threads <n>", "threads of the engine; 0: one per core", wholeNumber(0))
    .addOption(deviceOption())
    .option("--json", "print everything as JSON (what results.json holds)")
    .option("-q, --quiet", "no progress");
  addModelOptions(command)
    .addHelpText(
      "after",
      examples([
        "oal benchmark --protocol openood-v1.5/cifar10 --root data --model ce=s0.onnx,s1.onnx,s2.onnx --detectors all",
        "oal benchmark --protocol oal/cifar10-small --model ce=runs/a/models/ce.onnx --model oal=runs/a/models/oal.onnx",
        "oal benchmark --protocol my.yaml --model mine=model.onnx --limit 200   # try it on 200 images of each set",
        "oal benchmark --protocol my.yaml --model mine=model.onnx --format leaderboard > rows.csv",
      ]),
    )
    .action(async (options: BenchmarkCommandOptions) => {
      const { benchmarkCommand } = await import("./commands/benchmark.js");
      await benchmarkCommand(options);
    });
}
