/** Options that several commands share, with their parsers and types. */
import { InvalidArgumentError, Option, type Command } from "commander";

/** What the shared options of a command that runs stages give. */
export interface StageOptions {
  readonly out?: string;
  readonly set?: readonly string[];
  readonly data?: string;
  readonly validation?: string;
  readonly test?: string;
  readonly ood?: readonly string[];
  readonly init?: string;
  readonly teacher?: string;
  readonly seed?: number;
  readonly seeds?: readonly number[];
  readonly studentSeeds?: readonly number[];
  readonly threads?: number;
  readonly jobs?: number;
  readonly device?: string;
  readonly mode?: string;
  readonly method?: readonly string[];
  readonly detectors?: readonly string[];
  readonly skipBad?: number;
  readonly allowFailedAudit?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < min) {
      throw new InvalidArgumentError(`must be a whole number of at least ${min}.`);
    }
    return value;
  };
}

/** Any number. */
export function realNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("must be a number.");
  return value;
}

/** Whole numbers with commas between: "0,1,2". */
export function seedNumbers(text: string): readonly number[] {
  const seeds = text.split(",").map((word) => wholeNumber(0)(word));
  if (new Set(seeds).size < seeds.length) throw new InvalidArgumentError("must name every seed once only.");
  return seeds;
}

/** All values of a repeatable option. */
export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** Names with commas between, gathered over repetitions. */
export function collectNames(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...text.split(",").map((word) => word.trim())];
}

/** --device. The names stand here because the engines are loaded later. */
export function deviceOption(): Option {
  return new Option("--device <name>", "what computes; default cpu").choices(["cpu", "webgpu", "auto"]);
}

/** Adds the options that decide the configuration. */
export function addConfigurationOptions(command: Command): Command {
  return command
    .option(
      "--data <path>",
      "folder or archive of images (data.source); alone it means the preset folder; PATH#train is its part train",
    )
    .option(
      "--validation <path>",
      "validation images of the known classes; default: split off, or the part val",
    )
    .option("--test <path>", "test images of the known classes; default: split off, or the part test")
    .addOption(
      new Option(
        "--ood <path>",
        "a further set of unknown images; PATH#test is its part; repeatable",
      ).argParser(collect),
    )
    .option(
      "--init <model>",
      "a trained model that the students start from (init.model): ONNX file, model file of oal, run, folder of a hub model; with --data alone it means the preset photos",
    )
    .option(
      "--teacher <model>",
      "a trained model that teaches (teacher.model), with pictures of its own size",
    )
    .addOption(
      new Option("--set <key=value>", "change one key, as student.epochs=3; repeatable").argParser(collect),
    )
    .addOption(new Option("--seed <n>", "seed of everything drawn").argParser(wholeNumber(0)))
    .addOption(
      new Option(
        "--seeds <list>",
        "seeds of whole runs, as 0,1,2: data, teacher, outliers and students of each; mean and spread in every table",
      )
        .argParser(seedNumbers)
        .conflicts(["seed", "studentSeeds"]),
    )
    .addOption(
      new Option(
        "--student-seeds <list>",
        "seeds of the students alone; data, teacher and outliers are shared, made with --seed",
      ).argParser(seedNumbers),
    )
    .addOption(
      new Option("--threads <n>", "threads of the engine; 0: one per core").argParser(wholeNumber(0)),
    )
    .addOption(
      new Option(
        "--jobs <n>",
        "make so many stages at the same time, such as students; they share the threads",
      ).argParser(wholeNumber(1)),
    )
    .addOption(deviceOption())
    .addOption(
      new Option(
        "--mode <mode>",
        "corrected, or official: every row of the published code as it is (docs/official.md); --set fixes.r03=true turns one",
      ).choices(["corrected", "official"]),
    )
    .addOption(
      new Option("--skip-bad <n>", "leave out up to n unreadable images instead of stopping").argParser(
        wholeNumber(0),
      ),
    )
    .option(
      "--allow-failed-audit",
      "train on outlier pictures that the teacher takes for known ones all the same (audit.allowFailed)",
    );
}

/** Adds the options of a command that runs stages. */
export function addStageOptions(command: Command): Command {
  return addConfigurationOptions(command)
    .option("--out <folder>", "run folder; default runs/NAME. Finished stages found there are not made again")
    .addOption(
      new Option(
        "--method <recipe>",
        "students by recipe (oal list recipes); repeatable or comma-separated",
      ).argParser(collectNames),
    )
    .option("--force", "run even if more memory is needed than there is")
    .option("--json", "print the result as JSON")
    .option("-q, --quiet", "no progress; warnings and errors only");
}

/** --detectors of a command that measures students. */
export function detectorsOption(): Option {
  return new Option(
    "--detectors <names>",
    "measure with these, with commas between them, or all (evaluation.detectors); default msp,mls,ebo,knn",
  ).argParser(collectNames);
}

/** Examples below a command's help. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}
