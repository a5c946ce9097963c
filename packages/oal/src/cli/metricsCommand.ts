/** The command that judges score files of anyone: metrics. */
import type { Command } from "commander";
import type { MetricsOptions } from "./commands/metrics.js";
import { examples, wholeNumber } from "./options.js";
import { Option } from "commander";

/** Adds it. */
export function addMetrics(program: Command): void {
  program
    .command("metrics")
    .description(
      "judge score files of any detector: AUROC, FPR@95 in both senses, AUPR, CCR, OSCR, AURC, ECE, MCE, with intervals and paired tests",
    )
    .argument(
      "[files...]",
      "CSV, npz of OpenOOD, JSON lines or Parquet that say which rows are known (label -1, or a column ood), folders of them, or two npy files: known, unknown",
    )
    .option("--id <file...>", "files whose rows are all known")
    .option("--ood <file...>", "files whose rows are all unknown; each is a set")
    .option(
      "--unknown <column=value>",
      "the value of a column that marks unknown rows, as label=1 or type=ood; all others are known",
    )
    .addOption(
      new Option(
        "--higher <which>",
        "what has the higher scores; default: found from the scores, and said",
      ).choices(["known", "unknown"]),
    )
    .option("--columns <names>", "only these columns, with commas between them", (text: string) =>
      text.split(",").map((name) => name.trim()),
    )
    .option("--resamples <n>", "bootstrap resamples behind intervals; 0: none; default 2000", wholeNumber(0))
    .option("--seed <n>", "of the bootstrap; default 0", wholeNumber(0))
    .option("--json", "everything as JSON")
    .addHelpText(
      "after",
      `
Columns are compared row by row. So are folders that hold files of the same names: one
folder for each detector, model or seed, as OpenOOD and oal benchmark write them. A column
"dataset" or "set" divides unknown rows into sets; each is measured by itself.

Accuracy, CCR, OSCR and AURC need the classes of known rows (label) and what they were
taken for (pred); ECE and MCE also scores that are probabilities of the predicted class.
Brier score and NLL need the probabilities of all classes, which score files do not have:
oal benchmark and oal run state both of a model, in results.json.`,
    )
    .addHelpText(
      "after",
      examples([
        "oal metrics scores.csv",
        "oal metrics cifar10.npz cifar100.npz tin.npz",
        "oal metrics scores/ce-s0-ebo scores/ce-s0-knn   # two detectors, compared",
        "oal metrics --id known.npy --ood svhn.npy textures.npy --higher unknown",
      ]),
    )
    .action(async (files: string[], options: MetricsOptions) => {
      const { metricsCommand } = await import("./commands/metrics.js");
      await metricsCommand(files, options);
    });
}
