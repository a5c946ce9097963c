/** What of an export cannot be, told before any work. */
import { existsSync, statSync } from "node:fs";
import { oalError } from "oal-core";
import type { BundleFacts } from "../../bundle/facts.js";
import type { ExportOptions } from "./exportOptions.js";
import { refuseForeignFolder } from "./huggingFace.js";

/**
 * @throws OAL-E275 for options that do not go together, OAL-E210 for a share that none can be
 */
export function refuseUnfit(facts: BundleFacts, target: string, options: ExportOptions): void {
  const {
    keep,
    detectors,
    format = "onnx",
    layout = "nchw",
    resize,
    precision = "fp32",
    pictures,
    unknown,
  } = options;
  const refuse = (problem: string): never => {
    throw oalError("OAL-E275", { problem });
  };
  if (keep !== undefined && !(keep > 0 && keep < 1)) throw oalError("OAL-E276", { keep });
  if (detectors?.length === 0) refuse("a file needs at least one detector, the one that decides");
  if (unknown !== undefined && pictures === undefined)
    refuse("unknown pictures are compared with known ones: give --pictures too");
  if (facts.input.resizing !== "outside" || facts.input.layout !== "nchw")
    refuse("this file was exported in a form of its own already: export the one it was made of");
  if (facts.notes["precision"] !== undefined && precision !== "fp32")
    refuse(`this file has its network in ${facts.notes["precision"]} already: export the one it was made of`);
  if (format === "hf") {
    if (layout !== "nchw" || resize !== undefined)
      refuse(
        "a folder for transformers.js takes float pixels that it resized itself: leave --layout and --resize out",
      );
    refuseForeignFolder(target);
    return;
  }
  if (!target.endsWith(".onnx")) refuse(`the file to write is called something.onnx, not ${target}`);
  if (existsSync(target) && statSync(target).isDirectory())
    refuse(`${target} is a folder: name the file in it`);
  const { crop } = facts.preprocessing;
  const shorter = Math.min(...[facts.preprocessing.resize].flat());
  if (resize === "free" && crop > shorter)
    refuse(
      `pictures are enlarged with black from ${shorter} to ${crop} pixels, which --resize free does not do: give a size`,
    );
}
