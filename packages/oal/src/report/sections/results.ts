/** The result tables: every model, detector and OOD set, one view per metric; and accuracy with calibration. */
import { metrics, type Metric } from "oal-core";
import { fewSeedsSentence, seedsSentence } from "../../evaluation/index.js";
import { reliabilityBins, reliabilityChart } from "../charts/reliability.js";
import { figure, legend } from "../charts/figure.js";
import {
  detectorsOf,
  hasIntervals,
  modelsOf,
  resultColumns,
  seedCount,
  summaryAt,
  type ResultColumn,
} from "../choice.js";
import { betterWord, modelTitle, percent } from "../format.js";
import type { ReportInput } from "../input.js";
import { html, type Markup } from "../markup.js";
import { modelColor } from "../palette.js";
import { section, table, type Section } from "../section.js";
import { tabs } from "../tabs.js";
import { uncertainty } from "./overview.js";

/** The result tables. */
export function resultsSection(input: ReportInput): Section {
  const columns = resultColumns(input.results);
  const seeds = seedCount(input);
  const spread =
    seeds > 1
      ? `Values are means over ${seedsText(input, seeds)}; small print: ± their standard deviation${hasIntervals(input) ? ", and 95 % intervals over seeds and images" : ""}.${fewSeeds(input)}`
      : hasIntervals(input)
        ? "Small print: 95 % bootstrap intervals over the images; one seed, so they do not cover the luck of training."
        : input.results.some(({ detectors }) => detectors.some(({ sets }) => sets.length > 0))
          ? "One seed, and no intervals were asked for."
          : "One seed, and no OOD set to measure on.";
  const views = metrics.all.map((metric) => ({
    title: `${metric.title} ${metric.higherIsBetter ? "↑" : "↓"}`,
    content: [
      html`<p class="note">${metric.meaning}; ${betterWord(metric)} is better.</p>`,
      resultTable(input, columns, metric),
    ],
  }));
  const lead = `Each OOD set against the same ID test set, in percent. ${spread} Bold is the best value of its column.`;
  return section("results", "Results", "Results", lead, tabs("results", "Metric", views));
}

/** What intervals over few seeds are, with a space before; nothing where there are seeds enough, or none. */
function fewSeeds({ overSeeds }: ReportInput): string {
  const sentence = fewSeedsSentence(overSeeds[0]?.degrees);
  return sentence === null ? "" : ` ${sentence}.`;
}

function seedsText({ seeds }: ReportInput, count: number): string {
  return seeds ? seedsSentence(seeds) : `${count} seeds`;
}

function resultTable(input: ReportInput, columns: readonly ResultColumn[], metric: Metric): Markup {
  const detectors = detectorsOf(input.results);
  const rows = modelsOf(input.results).flatMap((model, position) =>
    detectors.map((detector, i) => {
      const cells = columns.map(({ on }) => summaryAt(input, { model, detector, on, metric: metric.id }));
      return {
        model,
        position,
        detector,
        place: `${i === 0 ? "first" : ""} ${i === detectors.length - 1 ? "last" : ""}`.trim(),
        cells,
      };
    }),
  );
  const sign = metric.higherIsBetter ? 1 : -1;
  const best = columns.map((_, c) =>
    Math.max(...rows.map((row) => sign * (row.cells[c]?.mean ?? -Infinity * sign))),
  );
  const body = rows.map((row) => {
    const cells = row.cells.map((cell, c) => {
      if (cell === undefined) return html`<td>–</td>`;
      const isBest = Math.abs(sign * cell.mean - (best[c] ?? 0)) < 1e-12;
      const mark = `${columns[c]?.isMean === true ? "mean" : ""} ${isBest ? "best" : ""}`.trim();
      return html`<td class="${mark}">${percent(cell.mean)}<small>${uncertainty(cell)}</small></td>`;
    });
    const head = html`<th scope="row">
      <span class="swatch" style="--key:${modelColor(row.model, row.position)}"></span
      >${modelTitle(row.model)} <span class="soft">${row.detector}</span>
    </th>`;
    return html`<tr class="${row.place}">
      ${head}${cells}
    </tr>`;
  });
  const head = columns.map(
    (column) =>
      html`<th scope="col" class="${column.isMean ? "mean" : ""}">
        ${column.title}<small>${column.note}</small>
      </th>`,
  );
  return table(
    `${metric.title} by model, detector and set`,
    html`<tr>
      <th scope="col">Model, detector</th>
      ${head}
    </tr>`,
    body,
    "results",
  );
}

const partNames = { train: "training", validation: "validation" } as const;

/** Accuracy on known images and how honest the confidences are. */
export function calibrationSection(input: ReportInput): Section {
  const models = modelsOf(input.results);
  const parts = (["train", "validation"] as const).filter((part) =>
    input.results.some(({ accuracies }) => accuracies?.[part] !== undefined),
  );
  const rows = models.map((model, position) => {
    const runs = input.results.filter((result) => result.model === model);
    const mean = (of: (run: (typeof runs)[number]) => number): number =>
      runs.reduce((sum, run) => sum + of(run), 0) / Math.max(1, runs.length);
    const others = parts.map(
      (part) =>
        html`<td>
          ${percent(
            mean((run) => run.accuracies?.[part] ?? Number.NaN),
            2,
          )}
        </td>`,
    );
    return html`<tr>
      <th scope="row">
        <span class="swatch" style="--key:${modelColor(model, position)}"></span>${modelTitle(model)}
      </th>
      ${others}
      <td class="mean">
        ${percent(
          mean((run) => run.idAccuracy),
          2,
        )}
      </td>
      <td>
        ${percent(
          mean((run) => run.calibration.ece),
          2,
        )}
      </td>
      <td>${percent(mean((run) => run.calibration.mce))}</td>
      <td>${mean((run) => run.calibration.brier).toFixed(4)}</td>
      <td>${mean((run) => run.calibration.nll).toFixed(4)}</td>
    </tr>`;
  });
  const depth = parts.length === 0 ? 1 : 2;
  const head = html`<tr>
      <th scope="col" rowspan="${depth}">Model</th>
      <th scope="colgroup" colspan="${parts.length + 1}">Accuracy, %</th>
      <th scope="col" rowspan="${depth}">ECE, %<small>15 bins</small></th>
      <th scope="col" rowspan="${depth}">MCE, %</th>
      <th scope="col" rowspan="${depth}">Brier score</th>
      <th scope="col" rowspan="${depth}">NLL, nats</th>
    </tr>
    ${
      depth === 1
        ? null
        : html`<tr>
            ${parts.map((part) => html`<th scope="col">${partNames[part]}</th>`)}
            <th scope="col" class="mean">test</th>
          </tr>`
    }`;
  const lines = models.flatMap((model, position) => {
    const scored = input.scores.find((scores) => scores.model === model && scores.group === "id");
    const confidences = scored?.confidences["msp"];
    if (scored === undefined || confidences === undefined) return [];
    const bins = reliabilityBins(confidences, scored.labels, scored.predictions);
    return [{ model, bins, color: modelColor(model, position) }];
  });
  const diagram =
    lines.length === 0
      ? null
      : figure(
          "Reliability",
          reliabilityChart(
            `Accuracy over confidence for ${lines.map((line) => modelTitle(line.model)).join(", ")}`,
            lines,
          ),
          "accuracy, %, by confidence",
        );
  const keys = lines.map((line) => ({
    color: line.color,
    text: modelTitle(line.model),
    shape: "dot" as const,
  }));
  return section(
    "calibration",
    "Calibration",
    "Accuracy and calibration",
    `${parts.length === 0 ? "Known test images only" : `Of ${parts.map((part) => partNames[part]).join(" and ")} images the accuracy alone, without augmentation; everything else of known test images`}${seedCount(input) > 1 ? "; numbers are means over the seeds, lines those of the first" : ""}. A calibrated model is right in 80 % of the cases in which it says 80 %: its line follows the diagonal; below it the model is over-confident.`,
    html`<div class="stacked">
      ${table("Accuracy and calibration by model", head, rows)}
      <div class="grid wide">${diagram}</div>
      ${legend(keys)}
    </div>`,
  );
}
