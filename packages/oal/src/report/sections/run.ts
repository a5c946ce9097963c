/** How the run was made: training curves, configuration, versions, hardware, seconds per stage. */
import { stringify } from "yaml";
import { curveChart } from "../charts/curves.js";
import { extentOf } from "../charts/extent.js";
import { firstSeedNote } from "../choice.js";
import { count, duration } from "../format.js";
import type { ReportInput } from "../input.js";
import { html, type Markup } from "../markup.js";
import { section, type Section } from "../section.js";

/** One row of small charts per training run. */
export function trainingSection(input: ReportInput): Section | null {
  if (input.curves.length === 0) return null;
  const runs = input.curves.map((curves) => {
    const terms = Object.entries(curves.terms).filter(([, points]) => points.length > 0);
    const charts = terms.map(([term, points]) => curveChart(curves.run, term, points));
    const [, last] = extentOf([0, ...terms.flatMap(([, points]) => points.map((point) => point.step))]);
    return html`<div class="run" style="--terms:${Math.max(1, terms.length)}">
      <h3>${curves.run} <span class="note">${count(last)} steps</span></h3>
      ${charts}
    </div>`;
  });
  return section(
    "training",
    "Training",
    "Training",
    `Every logged term over the optimiser's steps. Faint: logged values; strong: their running mean, whose last value stands in the corner.${firstSeedNote(input)}`,
    html`<div class="runs">${runs}</div>`,
  );
}

/** Configuration and environment. */
export function runSection(input: ReportInput): Section {
  const { versions, hardware, seconds, command, finished } = input.environment;
  const facts = [
    ...(command === undefined ? [] : [["command", command] as const]),
    ...(finished === undefined ? [] : [["finished", finished] as const]),
    ...Object.entries(hardware),
    ...Object.entries(versions),
  ];
  const list = facts.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value}</dd>
      </div>`,
  );
  return section("run", "Run", "Run", "What is needed to get these numbers again.", [
    html`<div class="side">
      <div>
        <h3>Environment</h3>
        <dl class="facts">${list}</dl>
      </div>
      <div>${stages(seconds)}</div>
    </div>`,
    html`<details class="configuration">
      <summary>Configuration, fully resolved</summary>
      <pre tabindex="0">${stringify(input.configuration)}</pre>
    </details>`,
  ]);
}

function stages(seconds: Readonly<Record<string, number>>): Markup | null {
  const entries = Object.entries(seconds);
  if (entries.length === 0) return null;
  const total = entries.reduce((sum, [, value]) => sum + value, 0);
  const longest = Math.max(...entries.map(([, value]) => value), 1e-9);
  const rows = entries.map(
    ([name, value]) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td class="bar"><span style="width:${((100 * value) / longest).toFixed(1)}%"></span></td>
        <td>${duration(value)}</td>
      </tr>`,
  );
  return html`<h3>Time per stage <span class="note">${duration(total)} in all</span></h3>
    <table class="stages">
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}
