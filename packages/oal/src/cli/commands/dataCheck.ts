/** `oal data check`: whether the data of a benchmark protocol are there, and where the rest is to be had. */
import Table from "cli-table3";
import { printable } from "oal-core";
import pc from "picocolors";
import { checkProtocol, type ProtocolCheck, type SetCheck } from "../../benchmark/check.js";
import { openProtocol } from "../../benchmark/openProtocol.js";
import { interruptible } from "../interrupt.js";
import { wantsColor } from "../output.js";
import { lateProgress } from "../progress.js";

/** The options of `oal data check`. */
export interface DataCheckOptions {
  readonly root?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Checks and prints; the exit status is 3 where something is missing or other than the protocol says. */
export async function dataCheckCommand(
  given: string,
  { root, json = false, quiet = false }: DataCheckOptions,
): Promise<void> {
  const opened = openProtocol(given, root);
  const view = lateProgress("check", { quiet });
  const found = await interruptible({ resumes: false, note: (text) => view.note(text) }, (signal) =>
    checkProtocol(opened, { signal, onProgress: (_set, done, total) => view.at(done, total) }),
  ).finally(() => view.close());
  if (!found.complete) process.exitCode = 3;
  process.stdout.write(
    json ? `${JSON.stringify(found, null, 2)}\n` : describeCheck(found, wantsColor(process.stdout)),
  );
}

/** The lines for people. */
export function describeCheck(found: ProtocolCheck, color: boolean): string {
  const { bold, dim, green, red, yellow } = pc.createColors(color);
  const table = new Table({
    head: ["set", "role", "images", "protocol", "list (SHA-256)", ""],
    colAligns: ["left", "left", "right", "right", "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  const number = (count: number | null): string => (count === null ? "-" : count.toLocaleString("en-US"));
  for (const set of found.sets) {
    const state = stateOf(set);
    table.push([
      set.name,
      set.role,
      number(set.images),
      number(set.expected),
      set.sha256 === null ? "-" : `${set.sha256.slice(0, 12)} ${comparisonOf(set)}`,
      state === "there" ? green(state) : red(state),
    ]);
  }
  const faulty = found.sets.filter(({ problems }) => problems.length > 0);
  const sources = [...new Set(faulty.flatMap(({ from }) => (from === null ? [] : [from])))];
  return [
    `${bold(printable(found.protocol))}: ${printable(found.title)}`,
    `below ${printable(found.root)}`,
    table.toString(),
    ...faulty.flatMap(({ name, problems, examples }) => [
      ...problems.map((problem) => `${yellow(name)}: ${printable(problem)}`),
      ...(examples.length === 0 ? [] : [dim(`  as ${examples.map((each) => printable(each)).join(", ")}`)]),
    ]),
    ...found.problems.map((problem) => yellow(printable(problem))),
    ...found.notes.map((note) => dim(printable(note))),
    ...(sources.length === 0
      ? []
      : ["what is missing is to be had from", ...sources.map((each) => `  ${each}`)]),
    verdictOf(found, faulty.length),
    "",
  ].join("\n");
}

function stateOf({ images, problems }: SetCheck): string {
  if (problems.length === 0) return "there";
  return images === null ? "missing" : "differs";
}

/** What a hash was compared with, in a word. */
function comparisonOf({ comparedWith }: SetCheck): string {
  if (comparedWith === null) return "not noted";
  if (comparedWith === "the protocol") return "as published";
  return comparedWith === "now" ? "noted now" : `noted ${comparedWith}`;
}

function verdictOf({ complete, sets, problems }: ProtocolCheck, faulty: number): string {
  const images = sets.reduce((sum, set) => sum + (set.images ?? 0) - set.absent, 0).toLocaleString("en-US");
  if (complete) return `complete: ${sets.length} sets, ${images} images`;
  const why = [
    ...(faulty > 0
      ? [`${faulty} of ${sets.length} sets ${faulty === 1 ? "is" : "are"} not as the protocol says`]
      : []),
    ...(problems.length > 0 ? ["sets share images"] : []),
  ];
  return `not complete: ${why.join(", ")}; ${images} images are there`;
}
