/** `oal leave-class-out`: head against student, with each class in turn as the unknown one. */
import { relative } from "node:path";
import Table from "cli-table3";
import { printable } from "oal-core";
import { leaveClassOut, type LeaveClassOutResult } from "../../pipeline/leaveClassOut.js";
import { interruptible } from "../interrupt.js";
import type { StageOptions } from "../options.js";
import { showProgress } from "../progress.js";
import { configure, runFolderOf, withMethods } from "./configure.js";

/** What the command is given. */
export interface LeaveClassOutCommandOptions extends StageOptions {
  readonly classes?: readonly string[];
}

/** Students where none are asked for: fine-tuned, and with outliers of the model's own features. */
const usualStudents = ["ce", "fx"];

/** Runs it and prints what was found. */
export async function leaveClassOutCommand(
  given: string | undefined,
  options: LeaveClassOutCommandOptions,
): Promise<void> {
  const asked = { method: usualStudents, ...options };
  const config = withMethods(configure(given, asked), asked);
  const out = options.out ?? `${runFolderOf(given, options)}-leave-class-out`;
  const { classes, force = false, quiet = false, json = false } = options;
  const view = showProgress({ quiet });
  let found: LeaveClassOutResult;
  try {
    found = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      leaveClassOut({
        config,
        out,
        force,
        ...(classes ? { classes } : {}),
        onEvent: (event) => view.show(event),
        signal,
      }),
    );
  } finally {
    view.close();
  }
  process.stdout.write(
    json ? `${JSON.stringify(found, null, 2)}\n` : textOf(found, config.evaluation.scoreDetector),
  );
}

function textOf({ classes, verdicts, folder }: LeaveClassOutResult, detector: string): string {
  const models = classes[0]?.models.map(({ model }) => model) ?? [];
  const table = new Table({
    head: ["left out", "unknown", ...models.flatMap((model) => [`${model} accuracy`, `${model} AUROC`])],
    colAligns: ["left", ...Array.from({ length: 1 + 2 * models.length }, () => "right" as const)],
    style: { head: [], border: [] },
  });
  const percent = (value: number): string => (100 * value).toFixed(2);
  for (const { name, unknown, models: measured } of classes)
    table.push([
      printable(name),
      String(unknown),
      ...measured.flatMap(({ accuracy, auroc }) => [
        percent(accuracy),
        percent(auroc[detector] ?? Number.NaN),
      ]),
    ]);
  const shown = relative(process.cwd(), folder) || ".";
  return `${table.toString()}\npercent, AUROC of ${detector}: known test pictures against all pictures of the class\n${verdicts.join("\n")}\nresults: ${shown}\n`;
}
