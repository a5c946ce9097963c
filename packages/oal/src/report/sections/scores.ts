/** What the detectors say per image: histograms of confidences, ROC curves, and the operating points. */
import { histogramChart } from "../charts/histogram.js";
import { rocChart, rocPoints } from "../charts/roc.js";
import { figure, legend, type LegendEntry } from "../charts/figure.js";
import { detectorsOf, firstSeedNote, headlineDetector, resultColumns } from "../choice.js";
import { GROUPS, modelTitle, percent, plain } from "../format.js";
import type { ReportInput, ReportScores } from "../input.js";
import { html, type Markup } from "../markup.js";
import { GROUP_COLORS, modelColor } from "../palette.js";
import { section, table, type Section } from "../section.js";
import { tabs } from "../tabs.js";

const DASHES = [undefined, "5 3", "2 2", "8 3 2 3"] as const;

/** Detectors that have scores, the headline one first. */
function scoredDetectors(input: ReportInput): string[] {
  const first = headlineDetector(input)?.id;
  const known = [
    ...new Set([...detectorsOf(input.results), ...input.scores.flatMap((s) => Object.keys(s.confidences))]),
  ];
  const ids = known.filter((id) => input.scores.some((scores) => scores.confidences[id] !== undefined));
  return ids.filter((id) => id === first).concat(ids.filter((id) => id !== first));
}

const scoredModels = (input: ReportInput): string[] => [
  ...new Set(input.scores.map((scores) => scores.model)),
];

/** Scores of the OOD sets of one model: near, far, then those used for choosing. */
function oodScores(input: ReportInput, model: string): ReportScores[] {
  const own = input.scores.filter((scores) => scores.model === model);
  return (["near", "far", "validation"] as const).flatMap((group) =>
    own.filter((scores) => scores.group === group),
  );
}

/** AUROC of a detector on a set as measured, for captions. */
function measured(input: ReportInput, model: string, detector: string, set: string): number | undefined {
  const result = input.results.find((candidate) => candidate.model === model);
  const found = result?.detectors.find((candidate) => candidate.id === detector);
  return found?.sets.find((candidate) => candidate.name === set)?.metrics.auroc;
}

/** Histograms per model, detector and OOD set. */
export function histogramSection(input: ReportInput): Section | null {
  const models = scoredModels(input);
  const detectors = scoredDetectors(input);
  if (models.length === 0) return null;
  const views = [...models].reverse().map((model, m) => ({
    title: modelTitle(model),
    content: tabs(
      `scores-${m}`,
      "Detector",
      detectors.map((detector) => ({ title: detector, content: histograms(input, model, detector) })),
    ),
  }));
  const groups = [
    ...new Set(models.flatMap((model) => oodScores(input, model).map((scores) => scores.group))),
  ];
  const keys: LegendEntry[] = [
    { color: GROUP_COLORS.id, text: "known (ID test)" },
    ...groups.map((group) => ({ color: GROUP_COLORS[group], text: `unknown (${GROUPS[group]})` })),
    ...(input.thresholds.some(({ perClass }) => perClass === undefined)
      ? [{ color: "var(--text)", text: "threshold", shape: "dash" as const }]
      : []),
  ];
  return section(
    "scores",
    "Scores",
    "Scores",
    `How often each confidence occurs; right is more in-distribution. The less the two shapes overlap, the better. Heights are shares per bin, so small and large sets compare.${firstSeedNote(input)}`,
    [legend(keys), tabs("scores", "Model", views)],
  );
}

function histograms(input: ReportInput, model: string, detector: string): Markup {
  const own = input.scores.filter((scores) => scores.model === model);
  const id = own.find((scores) => scores.group === "id")?.confidences[detector];
  // where every class has a threshold of its own, no one line separates known from unknown
  const threshold = input.thresholds.find(
    (found) => found.model === model && found.detector === detector && found.perClass === undefined,
  )?.value;
  const charts = oodScores(input, model).map((scores) => {
    const ood = scores.confidences[detector];
    if (id === undefined || ood === undefined) return null;
    const auroc = measured(input, model, detector, scores.set);
    const note = auroc === undefined ? undefined : `AUROC ${percent(auroc)}`;
    const label = `Confidences of ${modelTitle(model)} with ${detector}: known images against ${scores.set}, ${note ?? ""}`;
    return figure(scores.set, histogramChart(label, id, ood, GROUP_COLORS[scores.group], threshold), note);
  });
  return html`<div class="grid">${charts}</div>`;
}

/** ROC curves per detector and OOD set, one line per model. */
export function rocSection(input: ReportInput): Section | null {
  const models = scoredModels(input);
  if (models.length === 0) return null;
  const sets = oodScores(input, models[0] ?? "");
  const views = scoredDetectors(input).map((detector) => {
    const charts = sets.map(({ set, group }) => {
      const curves = models.flatMap((model, i) => {
        const own = input.scores.filter((scores) => scores.model === model);
        const id = own.find((scores) => scores.group === "id")?.confidences[detector];
        const ood = own.find((scores) => scores.set === set && scores.group === group)?.confidences[detector];
        if (id === undefined || ood === undefined) return [];
        return [
          {
            points: rocPoints(id, ood),
            color: modelColor(model, i),
            dash: DASHES[(models.length - 1 - i) % 4],
          },
        ];
      });
      const values = models.map((model) => {
        const auroc = measured(input, model, detector, set);
        return auroc === undefined ? null : `${modelTitle(model)} ${percent(auroc)}`;
      });
      const note = values.filter((value) => value !== null).join(" · ");
      return figure(set, rocChart(`ROC curves of ${detector} on ${set}; AUROC: ${note}`, curves), note);
    });
    return { title: detector, content: html`<div class="grid">${charts}</div>` };
  });
  const keys = models.map((model, i) => ({
    color: modelColor(model, i),
    text: modelTitle(model),
    shape: "line" as const,
  }));
  return section(
    "roc",
    "ROC",
    "ROC curves",
    `Upwards: unknown images rejected, in percent; to the right: known images rejected with them. The dotted line marks 95 % of the unknown images, where FPR@95 is read.${firstSeedNote(input)}`,
    [legend(keys), tabs("roc", "Detector", views)],
  );
}

/** The thresholds at which images are called unknown, and what they do to test images. */
export function thresholdSection(input: ReportInput): Section | null {
  if (input.thresholds.length === 0) return null;
  const accepted = new Set(input.thresholds.flatMap((threshold) => Object.keys(threshold.oodAccepted ?? {})));
  const order = resultColumns(input.results)
    .filter((column) => !column.isMean)
    .map((column) => column.title);
  const sets = [
    ...order.filter((set) => accepted.has(set)),
    ...[...accepted].filter((set) => !order.includes(set)),
  ];
  const models = [...new Set(input.thresholds.map((threshold) => threshold.model))];
  const rows = input.thresholds.map((threshold, i) => {
    const isFirst = input.thresholds[i - 1]?.model !== threshold.model;
    const cells = sets.map((set) => html`<td>${percent(threshold.oodAccepted?.[set] ?? NaN)}</td>`);
    const color = modelColor(threshold.model, models.indexOf(threshold.model));
    return html`<tr class="${isFirst ? "first" : ""}">
      <th scope="row">
        <span class="swatch" style="--key:${color}"></span>${modelTitle(threshold.model)}
        <span class="soft">${threshold.detector}</span>
      </th>
      <td>${(threshold.perClass ?? [threshold.value]).map(plain).join(" to ")}</td>
      <td>${percent(threshold.target)}</td>
      <td class="mean">${percent(threshold.idTestAccepted ?? NaN)}</td>
      ${cells}
    </tr>`;
  });
  const head = html`<tr>
    <th scope="col">Model, detector</th>
    <th scope="col">Threshold</th>
    <th scope="col">Target<small>ID validation</small></th>
    <th scope="col" class="mean">ID test<small>accepted</small></th>
    ${sets.map((set) => html`<th scope="col">${set}<small>accepted</small></th>`)}
  </tr>`;
  const isPerClass = input.thresholds.some(({ perClass }) => perClass !== undefined);
  const whose = isPerClass
    ? " Where a threshold is a range, every predicted class has a cut of its own, and the least and the largest stand there."
    : "";
  return section(
    "thresholds",
    "Thresholds",
    "Thresholds",
    `An image with a confidence below the threshold is called unknown.${whose} Thresholds are set on ID validation images alone; the columns show what share of other images they let through, in percent.${firstSeedNote(input)}`,
    table("Thresholds and accepted shares", head, rows, "results"),
  );
}
