/** `oal fit`: a model as it is, with a detector and a calibrated decision; what came of it in a few lines. */
import { relative } from "node:path";
import Table from "cli-table3";
import { oalError, printable } from "oal-core";
import pc from "picocolors";
import { fitJson } from "../../fitting/write.js";
import type { FitDetectorResult, FitResult } from "../../fitting/result.js";
import { fitModel, type FitProgress, type WrittenResult } from "../../pipeline/fitModel.js";
import type { DeviceChoice } from "../../runtime/engines/index.js";
import { interruptible } from "../interrupt.js";
import type { ModelOptions } from "../modelOptions.js";
import { cutWords } from "../../bundle/cutWords.js";
import { loadOptionsOf } from "./loadOptions.js";
import { wantsColor } from "../output.js";
import { showProgress, type ProgressView } from "../progress.js";

/** The options of `oal fit`. */
export interface FitCommandOptions extends ModelOptions {
  readonly id: string;
  readonly unknown?: string;
  readonly out?: string;
  readonly known?: "folder" | "model";
  readonly keep?: number;
  readonly perClass?: boolean;
  readonly ask?: number;
  readonly detectors?: readonly string[];
  readonly combine?: boolean;
  readonly seed?: number;
  readonly threads?: number;
  readonly device?: DeviceChoice;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Fits a model and prints what came of it. */
export async function fitCommand(model: string, options: FitCommandOptions): Promise<void> {
  const { id, unknown, out, known, keep, perClass, ask, detectors, combine, seed, threads, device } = options;
  const { json = false, quiet = false } = options;
  if (perClass === true && keep === 1)
    throw oalError("OAL-C102", {
      command: "oal fit",
      problem:
        "--per-class promises a share of every class, and no number of pictures promises all of it; give --keep below 1",
    });
  const view = showProgress({ quiet });
  const progress = stagesOf(view);
  let written: WrittenResult;
  try {
    written = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      fitModel({
        model,
        id,
        ...(unknown === undefined ? {} : { unknown }),
        ...(out === undefined ? {} : { out }),
        ...(known === undefined ? {} : { known }),
        ...(keep === undefined ? {} : { keep }),
        ...(perClass === undefined ? {} : { perClass }),
        ...(ask === undefined ? {} : { ask }),
        ...(detectors === undefined ? {} : { detectors }),
        ...(combine === undefined ? {} : { combine }),
        ...(seed === undefined ? {} : { seed }),
        ...(threads === undefined ? {} : { threads }),
        ...(device === undefined ? {} : { device }),
        load: loadOptionsOf("oal fit", options),
        signal,
        onProgress: progress,
        onMessage: (sentence) => (quiet ? undefined : view.note(printable(sentence))),
      }),
    );
  } finally {
    view.close();
  }
  process.stdout.write(json ? fitJson(written.result) : fitSummary(written, wantsColor(process.stdout)));
}

/** Progress by stage, after two seconds. */
function stagesOf(view: ProgressView): (stage: FitProgress, done: number, total: number) => void {
  const began = Date.now();
  let last = -Infinity;
  return (stage, done, total) => {
    const time = Date.now();
    if (time - began < 2000 || time - last < 100) return;
    last = time;
    view.show({ time, stage, kind: "progress", step: done, total });
  };
}

/** The lines for people. */
export function fitSummary({ folder, result, modelPath, reportPath }: WrittenResult, color: boolean): string {
  const { bold, dim, yellow } = pc.createColors(color);
  const shown = (path: string): string => printable(relative(process.cwd(), path) || ".");
  const { accuracy, parts, known, choice, calibration, unknown, warnings } = result;
  const lines = [
    `${bold(printable(result.name))}: ${known.classNames.length} known ${known.classNames.length === 1 ? "class" : "classes"}, fitted on ${parts.train} ${parts.train === 1 ? "picture" : "pictures"}, calibrated with ${parts.calibration}, measured on ${parts.test}`,
    printable(known.sentence),
    picturesSentence(result.model),
    ...(accuracy
      ? [
          `Accuracy ${percent(accuracy.value)} (${accuracy.hits} of ${accuracy.count}; ${ends(accuracy.interval)})`,
        ]
      : []),
    "",
    tableOf(result, color),
    dim("percent; 95 % intervals in brackets"),
    ...("absent" in result.leaveClassOut ? [printable(result.leaveClassOut.absent)] : [hardest(result)]),
    "",
    choice.sentence,
    ...(unknown ? [unknown.sentence] : []),
    ...calibration.sentences,
    ...(warnings.length > 0 ? ["", ...warnings.map((text) => `${yellow("note:")} ${printable(text)}`)] : []),
    "",
    `report: ${shown(reportPath)}`,
    `model:  ${shown(modelPath)}   ${dim(`try: oal score ${shown(folder)} PICTURE`)}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** What the model is shown of a picture, and how that is known. */
function picturesSentence({ preprocessing, normalisation }: FitResult["model"]): string {
  const { name, source } = normalisation;
  const why = source === "guess" ? "found by trying" : source === "given" ? "as given" : `by ${source}`;
  return printable(
    `Pictures: ${cutWords(preprocessing)}; pixels as ${name} (${source === "assumed" ? "assumed" : why}).`,
  );
}

function tableOf(result: FitResult, color: boolean): string {
  const { bold } = pc.createColors(color);
  const sets = result.detectors[0]?.sets ?? [];
  const left = !("absent" in result.leaveClassOut);
  const titles = sets.map(({ kind }) => (kind === "drawn" ? "drawn (far)" : "unknown"));
  const table = new Table({
    head: [
      "detector",
      ...(left ? ["AUROC, a class left out"] : []),
      ...titles.map((title) => `AUROC, ${title}`),
      ...titles.map((title) => `known of ${title}`),
      "test kept",
    ],
    colAligns: ["left", ...Array.from({ length: 2 * sets.length + 2 }, () => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const own of result.detectors) {
    const decides = own.id === result.decides;
    const row = [
      decides ? `${own.id} (decides)` : own.id,
      ...(left
        ? [own.leaveClassOut ? `${figure(own.leaveClassOut.mean)} ${ends(own.leaveClassOut.interval)}` : "-"]
        : []),
      ...own.sets.map(({ metrics, interval }) => `${figure(metrics.auroc)} ${ends(interval.auroc)}`),
      ...own.sets.map(({ accepted }) => figure(accepted)),
      own.kept ? figure(own.kept.value) : "-",
    ];
    table.push(decides ? row.map((cell) => bold(cell)) : row);
  }
  return table.toString();
}

/** Which class is hardest to tell when it is the unknown one. */
function hardest(result: FitResult): string {
  const { leaveClassOut: plan, detectors, decides } = result;
  if ("absent" in plan) return plan.absent;
  const own: FitDetectorResult | undefined = detectors.find(({ id }) => id === decides);
  const values =
    own?.leaveClassOut?.classes.map(({ auroc }, i) => ({ auroc, name: plan.classes[i]?.name ?? "" })) ?? [];
  const [first] = [...values].sort((a, b) => a.auroc - b.auroc);
  return first
    ? `As the unknown one, ${printable(first.name)} is the hardest to tell from the others: ${percent(first.auroc)}.`
    : "";
}

function figure(share: number): string {
  return (100 * share).toFixed(1);
}

function percent(share: number): string {
  return `${figure(share)} %`;
}

function ends([low, high]: readonly [number, number]): string {
  return `[${figure(low)}, ${figure(high)}]`;
}
