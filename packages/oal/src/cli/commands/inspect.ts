/** `oal data inspect`: what `oal run` would do with the same options, and everything that it would refuse. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { printable } from "oal-core";
import type { ImagePlace } from "../../data/checkImages.js";
import { skippedSentence } from "../../data/pictures/kinds.js";
import { presets } from "../../pipeline/configuration/index.js";
import type { Inspection, InspectedSet } from "../../pipeline/inspect.js";
import { interruptible } from "../interrupt.js";
import type { StageOptions } from "../options.js";
import { showProgress } from "../progress.js";
import { configure } from "./configure.js";

/** The options of `oal data inspect`. */
export interface InspectCommandOptions extends StageOptions {
  readonly list?: string;
  readonly check?: boolean;
}

/** Lines of one kind that are printed; --json has all. */
const shownLines = 20;

/** Prints what was found; the exit status is 3 when a run would be refused. */
export async function inspectCommand(given: string, options: InspectCommandOptions): Promise<void> {
  const { list, check = false, ...stage } = options;
  const isConfiguration = /\.(ya?ml|json)$/i.test(given) || (presets.has(given) && !existsSync(given));
  const listed = list === undefined ? [] : [`data.id={path: ., list: ${JSON.stringify(resolve(list))}}`];
  const config = configure(isConfiguration ? given : undefined, {
    ...stage,
    ...(isConfiguration ? {} : { data: given }),
    set: [...listed, ...(stage.set ?? [])],
  });
  const { inspectData } = await import("../../pipeline/inspect.js");
  const view = showProgress({ quiet: stage.quiet ?? false });
  // what is quick says nothing where lines stay
  const shown = { last: process.stderr.isTTY ? -Infinity : Date.now() + 1000 };
  const found = await interruptible({ resumes: false, note: (text) => view.note(text) }, (signal) =>
    inspectData(config, {
      check,
      signal,
      onProgress: (text, step, total) => {
        signal.throwIfAborted();
        const time = Date.now();
        if (time - shown.last < 100 && step < total) return;
        shown.last = time;
        view.show({ time, stage: "data", kind: "progress", step, total, text });
      },
    }),
  ).finally(() => view.close());
  if (found.problems.length > 0 && !found.unknownsOnly) process.exitCode = 3;
  process.stdout.write(options.json ? asJson(given, found) : describeInspection(given, found, check));
}

function asJson(path: string, { sets, ...found }: Inspection): string {
  const { format = null, images = 0, first = [] } = sets[0] ?? {};
  return `${JSON.stringify({ path, format, images, first, ...found, sets }, null, 2)}\n`;
}

/** The lines for people. */
export function describeInspection(path: string, found: Inspection, checked: boolean): string {
  const { sets, problems, unknownsOnly, duplicates } = found;
  const [main, ...others] = sets;
  const lines = main ? headLines(path, found, main) : [`${printable(path)}:`];
  for (const set of others) {
    const role = set.role === "ood" ? `unknown images ${set.name}` : set.name;
    lines.push(`${role}: ${printable(set.place)} (${set.title}), ${counted(set.images, "image")}`);
  }
  for (const set of sets) {
    const sentence = skippedSentence(new Map(Object.entries(set.skipped)));
    if (sentence !== undefined) lines.push(`${set.name}: ${printable(sentence)}`);
    lines.push(...unreadableLines(set, problems));
  }
  lines.push(...duplicateLines(duplicates));
  if (unknownsOnly) {
    const [reason] = problems;
    if (reason) lines.push(`to train on it: ${reason.message}; ${reason.remedy}`);
    return `${lines.join("\n")}\n`;
  }
  if (problems.length === 0)
    lines.push(`oal run would start${checked ? "" : "; --check decodes every image too"}`);
  else {
    lines.push(`${counted(problems.length, "problem")}, for which oal run would refuse:`);
    for (const { code, message, remedy } of problems)
      lines.push(`  ${code} ${message.replaceAll("\n", "\n  ")}`, `    ${remedy}`);
    if (!checked) lines.push("unreadable images are found with --check");
  }
  return `${lines.join("\n")}\n`;
}

/** "1 image", "3 images". */
function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** Unreadable images that no problem names: those that may be left out, and those of a set of unknowns alone. */
function unreadableLines({ name, unreadable }: InspectedSet, problems: Inspection["problems"]): string[] {
  if (unreadable === null || unreadable.length === 0) return [];
  if (problems.some(({ code }) => ["OAL-D102", "OAL-D110", "OAL-D123"].includes(code))) return [];
  const shown = unreadable.slice(0, 10).map((image) => `  ${printable(image.id)}: ${image.problem}`);
  const more = unreadable.length > 10 ? [`  and ${unreadable.length - 10} more`] : [];
  return [
    `${name}: ${counted(unreadable.length, "image")} cannot be read and would be left out:`,
    ...shown,
    ...more,
  ];
}

function headLines(path: string, { classes, unknownsOnly }: Inspection, main: InspectedSet): string[] {
  const { title, images, first } = main;
  const lines = [`${printable(path)}: ${title}`];
  if (unknownsOnly)
    lines.push(`${counted(images, "image")} without classes: can serve as unknown images (--ood)`);
  else if (main.role === "train") {
    const sum = (part: "train" | "validation" | "test"): number =>
      classes.reduce((total, each) => total + each[part], 0);
    const parts = `${sum("train")} to train on, ${sum("validation")} for validation, ${sum("test")} for the test`;
    lines.push(`${counted(images, "image")} in ${counted(classes.length, "class", "classes")}: ${parts}`);
    const width = Math.max(0, ...classes.map(({ name }) => printable(name, 60).length));
    const cell = (value: number | string): string => String(value).padStart(12);
    if (classes.length > 0)
      lines.push(`  ${"".padEnd(width)}${["images", "train", "validation", "test"].map(cell).join("")}`);
    for (const { name, train, validation, test, images: all } of classes)
      lines.push(
        `  ${printable(name, 60).padEnd(width)}${[all, train, validation, test].map(cell).join("")}`,
      );
  }
  lines.push(`first: ${first.map((id) => printable(id)).join(", ")}`);
  return lines;
}

function duplicateLines(duplicates: Inspection["duplicates"]): string[] {
  if (duplicates === null || duplicates.length === 0) return [];
  const place = ({ set, id }: ImagePlace): string =>
    set === "train" ? printable(id) : `${set}: ${printable(id)}`;
  const lines = duplicates.slice(0, shownLines).map((group) => {
    const classes = new Set(group.flatMap(({ className }) => className ?? []));
    const isKnown = group.map(({ className }) => className !== null);
    const remarks = [
      ...(classes.size > 1 ? ["under different classes"] : []),
      ...(isKnown.includes(true) && isKnown.includes(false) ? ["known and unknown"] : []),
    ];
    return `  ${group.map(place).join(" = ")}${remarks.length > 0 ? ` (${remarks.join(", ")})` : ""}`;
  });
  const more = duplicates.length - shownLines;
  return [
    `${duplicates.length} picture${duplicates.length === 1 ? " is" : "s are"} there more than once; copies in training and test make figures too good:`,
    ...lines,
    ...(more > 0 ? [`  and ${more} more (--json has all)`] : []),
  ];
}
