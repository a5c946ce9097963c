/** `oal export`: its options and help. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { examples, realNumber, wholeNumber } from "./options.js";
import type { ExportCommandOptions } from "./commands/export.js";

/** Adds it. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description(
      "a model with its detectors and decision as one file for any ONNX Runtime, or as a folder for transformers.js",
    )
    .argument("<model>", "a run folder (its deciding model), a folder that oal fit wrote, or a model file")
    .requiredOption("-o, --output <path>", "the file to write (something.onnx); with --format hf: the folder")
    .option(
      "--detectors <names>",
      "only these of the detectors that the model holds, with commas between them",
      names,
    )
    .option(
      "--keep <share>",
      "move the stored cut: this share of known pictures is to be kept, as 0.99",
      realNumber,
    )
    .addOption(
      new Option(
        "--layout <order>",
        "axes of the file's pictures: planes of colours, or the colours of a pixel side by side; default nchw",
      ).choices(["nchw", "nhwc"]),
    )
    .option(
      "--resize <how>",
      "resize and crop inside the file: fixed:HEIGHTxWIDTH (pictures of that size, equal to oal's own resizing bit for bit) or free (any size, the engine's own resizing)",
      resizing,
    )
    .addOption(
      new Option(
        "--precision <bits>",
        "numbers of the network; detectors and decision keep 32 bits; default fp32",
      ).choices(["fp32", "fp16", "int8"]),
    )
    .addOption(
      new Option("--format <form>", "onnx: one file; hf: a folder for transformers.js; default onnx").choices(
        ["onnx", "hf"],
      ),
    )
    .option(
      "--pictures <paths...>",
      "known pictures (folders, archives, files): tells on how many the decision changes; int8 is calibrated on every other one; default: a run's validation pictures",
    )
    .option("--unknown <paths...>", "unknown pictures: tells how AUROC changes")
    .option("--threads <n>", "threads of the engine; 0: one per core", wholeNumber(0))
    .option("--json", "print what was written as JSON")
    .option("-q, --quiet", "no progress")
    .addHelpText(
      "after",
      examples([
        "oal export runs/photos -o photos.onnx",
        "oal export photos/photos.onnx -o strict.onnx --detectors knn --keep 0.99",
        "oal export runs/photos -o camera.onnx --resize fixed:720x1280 --layout nhwc",
        "oal export photos -o small.onnx --precision int8 --pictures photos/ --unknown others/",
        "oal export photos -o web/photos --format hf",
      ]),
    )
    .action(async (model: string, options: ExportCommandOptions) => {
      const { exportCommand } = await import("./commands/export.js");
      await exportCommand(model, options);
    });
}

function names(text: string): readonly string[] {
  const found = text.split(",").map((name) => name.trim());
  if (found.includes("")) throw new InvalidArgumentError("must be names with commas between them.");
  return found;
}

function resizing(text: string): "free" | { readonly height: number; readonly width: number } {
  if (text === "free") return "free";
  const [, height, width] = /^fixed:(\d+)x(\d+)$/.exec(text) ?? [];
  if (height !== undefined && width !== undefined && Number(height) > 0 && Number(width) > 0)
    return { height: Number(height), width: Number(width) };
  throw new InvalidArgumentError("must be free, or fixed:HEIGHTxWIDTH as fixed:720x1280.");
}
