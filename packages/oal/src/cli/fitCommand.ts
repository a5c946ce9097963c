/** The command that fits a model as it is: fit. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { addModelOptions } from "./modelOptions.js";
import { deviceOption, examples, wholeNumber } from "./options.js";
import type { FitCommandOptions } from "./commands/fit.js";

/** A share, as 0.95. */
function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 1))
    throw new InvalidArgumentError("must be a share above 0 and at most 1, as 0.95.");
  return value;
}

function names(text: string): readonly string[] {
  const found = text.split(",").map((name) => name.trim());
  if (found.includes("")) throw new InvalidArgumentError("must be names with commas between them.");
  return found;
}

/** Adds it. */
export function addFit(program: Command): void {
  const command = program
    .command("fit")
    .description(
      "known or unknown, for a model as it is: a detector, a calibrated decision and a report in seconds; no training",
    )
    .argument(
      "<model>",
      "an ONNX file, a folder with one as hubs have them, a model file of oal, a run folder, hf:OWNER/NAME",
    )
    .requiredOption("--id <path>", "known pictures: a folder or archive with one folder per class")
    .option(
      "--unknown <path>",
      "unknown pictures: half of them may choose the detector, the other half measures",
    )
    .option("--out <folder>", "folder for model file, report.html and fit.json; default: called as the model")
    .addOption(
      new Option(
        "--known <whose>",
        "the folder's classes are known, or all of the model's; default folder",
      ).choices(["folder", "model"]),
    )
    .option("--keep <share>", "share of known pictures to keep; default 0.95", share)
    .option("--per-class", "a cut for every predicted class, where it has calibration pictures enough")
    .option(
      "--ask <share>",
      "a second cut: this share of known pictures passes, those between are asked about",
      share,
    )
    .option("--detectors <names>", "these, with commas between them, or all; default msp,mls,ebo,knn", names)
    .option(
      "--combine",
      "choose a combination of the detectors too, by cross-validation; it decides where it is better than the best of them by more than chance",
    )
    .option(
      "--seed <n>",
      "of the division into training, calibration and test pictures; default 0",
      wholeNumber(0),
    )
    .option("--threads <n>", "threads of the engine; 0: one per core", wholeNumber(0))
    .addOption(deviceOption())
    .option("--json", "print everything as JSON (what fit.json holds)")
    .option("-q, --quiet", "no progress");
  addModelOptions(command)
    .addHelpText(
      "after",
      examples([
        "oal fit mobilenet_v2.onnx --id photos",
        "oal fit mobilenet_v2.onnx --id photos.tar --unknown photos-unknown.tar --out shop",
        "oal fit hf:OWNER/NAME --id photos --keep 0.99 --ask 0.9",
        "oal fit shop --id photos-of-today       # calibrate an earlier fit anew",
        "oal score shop picture.jpg              # then",
      ]),
    )
    .action(async (model: string, options: FitCommandOptions) => {
      const { fitCommand } = await import("./commands/fit.js");
      await fitCommand(model, options);
    });
}
