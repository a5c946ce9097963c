/** `oal show RUN`: what a run folder holds. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import { oalError } from "oal-core";
import { bundleFileName } from "../../bundle/facts.js";
import { describeRun, seedsInWords, type RunDescription } from "../../pipeline/describeRun.js";

/** Prints a run. @throws OAL-D101 for a folder that is not there, OAL-I105 for one that holds no run */
export async function showCommand(path: string, { json }: { readonly json?: boolean }): Promise<void> {
  if (!existsSync(path)) throw oalError("OAL-D101", { path });
  const run = await describeRun(path);
  if (json) {
    process.stdout.write(`${JSON.stringify(run, null, 2)}\n`);
    return;
  }
  const table = new Table({
    head: ["stage", "state", "took", "figures"],
    colAligns: ["left", "left", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, state, seconds, metrics } of run.stages) {
    const figures = Object.entries(metrics)
      .slice(0, 4)
      .map(([key, value]) => `${key} ${Number.isInteger(value) ? value : value.toPrecision(4)}`);
    table.push([name, state, seconds === null ? "" : `${seconds.toFixed(0)} s`, figures.join(", ")]);
  }
  process.stdout.write(`${heading(run)}\n${table.toString()}\n${files(run, path)}`);
}

function heading(run: RunDescription): string {
  const { preset, methods, started, finished, previous } = run;
  const state = finished === null ? `not finished (begun ${started})` : `finished ${finished}`;
  const older = previous === null ? "" : `\nmodels and report are those of the run finished ${previous}`;
  return `preset ${preset}, ${seedsInWords(run)}, methods ${methods.join(", ")}: ${state}${older}`;
}

function files({ published, decides, dangling }: RunDescription, path: string): string {
  const has = (name: string): boolean =>
    published.some((file) => file === name || file.startsWith(`${name}/`));
  const lines = [
    ...(has("report.html") ? [`report: ${join(path, "report.html")}`] : []),
    ...(has("models") ? [`oal score decides with ${join(path, "models", bundleFileName(decides))}`] : []),
    ...(dangling.length > 0
      ? [`links without artifact (another machine, or a pruned store): ${dangling.join(", ")}`]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
