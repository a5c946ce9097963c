/** At a glance: accuracy and OOD detection per model, and what the paired comparison lets one say. */
import { metrics } from "oal-core";
import { isMean, seedsSentence } from "../../evaluation/index.js";
import { intervalChart, type IntervalMark } from "../charts/intervals.js";
import { figure, legend } from "../charts/figure.js";
import {
  detectorsOf,
  hasIntervals,
  headlineDetector,
  modelsOf,
  seedCount,
  summaryAt,
  type SeedSummary,
} from "../choice.js";
import { modelTitle, percent, percentInterval, points, probability } from "../format.js";
import type { ReportComparison, ReportInput } from "../input.js";
import { html, type Content, type Markup } from "../markup.js";
import { modelColor } from "../palette.js";
import { section, type Section } from "../section.js";

/** The first section: cards, verdicts and the overview chart. */
export function overviewSection(input: ReportInput): Section {
  const detector = headlineDetector(input);
  const models = modelsOf(input.results);
  if (detector === undefined) {
    return section(
      "overview",
      "Overview",
      "At a glance",
      "This run has no evaluation, so there is nothing to compare.",
      null,
    );
  }
  const cards = models.map((model, i) => card(input, model, i, detector.id));
  const several =
    seedCount(input) > 1 ? `, means over ${input.seeds ? seedsSentence(input.seeds) : "seeds"}` : "";
  const intervals = hasIntervals(input) ? `${several}, with 95 % intervals` : several;
  const lead = html`Detector shown: <b>${detector.id}</b> (${detector.reason}). All rates are in
    percent${intervals}.`;
  return section("overview", "Overview", "At a glance", lead, [
    html`<div class="cards">${cards}</div>`,
    verdicts(input.comparisons, detector.id),
    overviewCharts(input, models),
  ]);
}

function card(input: ReportInput, model: string, position: number, detector: string): Markup {
  const results = input.results.filter((result) => result.model === model);
  const accuracy = results.reduce((sum, result) => sum + result.idAccuracy, 0) / results.length;
  const deviation = spreadOf(results.map((result) => result.idAccuracy));
  const near = summaryAt(input, { model, detector, on: "near", metric: "auroc" });
  const far = summaryAt(input, { model, detector, on: "far", metric: "auroc" });
  const seeds = results.length === 1 ? "" : ` · ${results.length} seeds`;
  const around = results.length === 1 ? null : `± ${percent(deviation)}`;
  return html`<article class="card" style="--key:${modelColor(model, position)}">
    <h3>${modelTitle(model)}<span class="note">${seeds}</span></h3>
    <dl>
      ${entry("ID accuracy", percent(accuracy), around)}${meanEntry("Near AUROC", near)}${meanEntry("Far AUROC", far)}
    </dl>
  </article>`;
}

function meanEntry(name: string, summary: SeedSummary | undefined): Markup | null {
  return summary === undefined ? null : entry(name, percent(summary.mean), uncertainty(summary));
}

function entry(name: string, value: string, note: Content): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}<small>${note}</small></dd>
  </div>`;
}

/** "86.9–88.1" for one seed, "± 0.4, 86.8–88.3" over several; without resamples only the spread, or nothing. Seeds that lack it are said. */
export function uncertainty({ interval, seeds, of, spread }: SeedSummary): string {
  return [
    ...(seeds > 1 ? [`± ${percent(spread)}`] : []),
    ...(interval === undefined ? [] : [percentInterval(interval)]),
    ...(seeds < of ? [`${seeds} of ${of} seeds`] : []),
  ].join(", ");
}

/** Standard deviation, ddof 0. */
function spreadOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** Whether a difference is one when all that was compared is counted in, and if so in whose favour. */
export function judge({
  adjustedP,
  difference,
  metric,
}: Pick<ReportComparison, "adjustedP" | "difference" | "metric">): "better" | "worse" | "open" {
  if (!(adjustedP < 0.05)) return "open";
  return difference > 0 === metrics.find(metric).higherIsBetter ? "better" : "worse";
}

function verdicts(comparisons: readonly ReportComparison[], detector: string): Markup | null {
  const shown = comparisons.filter(
    (found) => found.detector === detector && found.metric === "auroc" && isMean(found.set),
  );
  if (shown.length === 0) return null;
  const words = { better: "higher", worse: "lower", open: "undecided" } as const;
  const items = shown.map((found) => {
    const verdict = judge(found);
    return html`<li class="verdict ${verdict}">
      <b>${modelTitle(found.models[0])} against ${modelTitle(found.models[1])}</b>, ${found.set}:
      <span class="number">${points(found.difference)}</span> points AUROC
      <span class="note"
        >[${points(found.interval[0])}, ${points(found.interval[1])}], p (Holm)
        ${probability(found.adjustedP)}</span
      >
      <span class="tag">${words[verdict]}</span>
    </li>`;
  });
  return html`<ul class="verdicts">
    ${items}
  </ul>`;
}

function overviewCharts(input: ReportInput, models: readonly string[]): Markup {
  const detectors = detectorsOf(input.results);
  const charts = (["near", "far"] as const).map((group) => {
    const marks = detectors.flatMap((detector) =>
      models.flatMap((model, lane): IntervalMark[] => {
        const summary = summaryAt(input, { model, detector, on: group, metric: "auroc" });
        if (summary === undefined) return [];
        const interval =
          summary.interval ?? ([summary.mean - summary.spread, summary.mean + summary.spread] as const);
        const title = `${modelTitle(model)}, ${detector}: ${percent(summary.mean)} (${uncertainty(summary)})`;
        return [
          { row: detector, value: summary.mean, interval, color: modelColor(model, lane), lane, title },
        ];
      }),
    );
    if (marks.length === 0) return null;
    const picture = intervalChart(marks, {
      label: `AUROC on ${group}-OOD: ${marks.map((mark) => mark.title).join("; ")}`,
      rows: detectors,
      lanes: models.length,
      axis: "AUROC, %",
      limits: [0, 1],
    });
    return figure(group === "near" ? "Near-OOD" : "Far-OOD", picture, "mean over its sets");
  });
  const keys = models.map((model, i) => ({
    color: modelColor(model, i),
    text: modelTitle(model),
    shape: "dot" as const,
  }));
  return html`<h3>Every detector</h3>
    ${legend(keys)}
    <div class="grid wide">${charts}</div>`;
}
