/** The command that chooses settings by validation images. */
import { Option, type Command } from "commander";
import type { SearchCommandOptions } from "./commands/search.js";
import { addStageOptions, collect, collectNames, examples, wholeNumber } from "./options.js";
import { InvalidArgumentError } from "commander";

/** Adds it. */
export function addSearch(program: Command): void {
  const command = program
    .command("search")
    .description(
      "compare settings by validation images, near and far unknown ones; no set of the test is opened. --grid prints a table of all points, --values halves them to a winner",
    )
    .argument("[preset|file]", "preset, or YAML or JSON file; default: embedded")
    .addOption(
      new Option(
        "--grid <key=a,b,...>",
        "values of a key, for a table of every combination without a winner; repeatable",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--values <key=a,b,...>",
        "values of a key, for successive halving of every combination to a winner; repeatable",
      ).argParser(collect),
    )
    .option(
      "--points <file>",
      "a YAML file of named points, each with its keys: alone or with --grid a table, with --values halved",
    )
    .addOption(
      new Option(
        "--detector <names>",
        "compare by the AUROC of these detectors, the mean over several; default evaluation.scoreDetector",
      ).argParser(collectNames),
    )
    .addOption(
      new Option("--by <part>", "what decides: near, far, or the mean of both").choices([
        "near",
        "far",
        "mean",
      ]),
    )
    .addOption(
      new Option("--epochs <list>", "epochs of each round of halving; default 2,5,10").argParser(
        growingNumbers,
      ),
    )
    .addOption(
      new Option("--keep-one-in <n>", "one in so many goes on to the next round; default 3").argParser(
        wholeNumber(2),
      ),
    )
    .option("--cost", "print what would be trained and how long it takes, and stop")
    .option("-y, --yes", "train without asking; where there is no terminal nobody is asked");
  addStageOptions(command)
    .addHelpText(
      "after",
      examples([
        "oal search --grid methods=ce,kd,oal                     # a table of three students, three seeds each",
        "oal search --grid kd.temperature=1,2,4 --grid kd.logitsWeight=0.5,1 --seeds 0,1,2,3",
        "oal search --values exposure.uniformWeight=0,0.1,0.5 --values exposure.distillWeight=0,0.2,1",
        "oal search cifar10-small --data data --points ablations.yaml --student-seeds 0,1",
        "oal run runs/search-embedded/winner.yaml                # what a search with --values found",
      ]),
    )
    .action(async (given: string | undefined, options: SearchCommandOptions) => {
      const { searchCommand } = await import("./commands/search.js");
      await searchCommand(given, options);
    });
}

/** Whole numbers with commas between, each larger than the one before. */
function growingNumbers(text: string): readonly number[] {
  const numbers = text.split(",").map((word) => wholeNumber(1)(word));
  if (numbers.some((number, i) => i > 0 && number <= (numbers[i - 1] ?? 0)))
    throw new InvalidArgumentError("must grow, as 2,5,10.");
  return numbers;
}
