/** Paired differences between models, and the null test that shows what no difference looks like. */
import { metrics as allMetrics } from "oal-core";
import { intervalChart, type IntervalMark } from "../charts/intervals.js";
import { figure, legend } from "../charts/figure.js";
import { fewSeedsSentence, isMean } from "../../evaluation/index.js";
import { detectorsOf, headlineDetector, modelsOf } from "../choice.js";
import { betterWord, modelTitle, percent, percentInterval, points, probability } from "../format.js";
import type { Interval, ReportComparison, ReportInput } from "../input.js";
import { html, type Markup } from "../markup.js";
import { modelColor } from "../palette.js";
import { section, table, type Section } from "../section.js";
import { tabs } from "../tabs.js";
import { judge } from "./overview.js";

const JUDGE_COLORS = { better: "var(--good)", worse: "var(--bad)", open: "var(--muted)" } as const;

function setTitle(set: string): string {
  return isMean(set) ? `${set} mean` : set;
}

/** Differences of models on the same images. */
export function differencesSection(input: ReportInput): Section | null {
  if (input.comparisons.length === 0) return null;
  const first = headlineDetector(input)?.id;
  const ids = [...new Set(input.comparisons.map((comparison) => comparison.detector))];
  const ordered = ids.filter((id) => id === first).concat(ids.filter((id) => id !== first));
  const views = ordered.map((detector) => {
    const own = input.comparisons.filter((comparison) => comparison.detector === detector);
    return { title: detector, content: [pairCharts(own), pairTable(own)] };
  });
  return section(
    "differences",
    "Differences",
    "Differences",
    `Both models score the same resampled images${several(input) ? " seed by seed" : ""}, so what they share cancels out. A difference is called one only where its p value, adjusted (Holm) for all detectors of the two models with one metric, near and far means and single sets apart, is below 0.05: green speaks for the first model, red against it, grey decides nothing. The 95 % intervals are of one difference each, not adjusted.${fewSeeds(input)}`,
    tabs("differences", "Detector", views),
  );
}

/** What intervals over few seeds are, with a space before; nothing where there are seeds enough, or one. */
function fewSeeds({ comparisons }: Pick<ReportInput, "comparisons">): string {
  const sentence = fewSeedsSentence(comparisons[0]?.degrees);
  return sentence === null ? "" : ` ${sentence}.`;
}

/** Charts that a view shows; more of them nobody looks at, and the table has all. */
const mostCharts = 12;

function pairCharts(comparisons: readonly ReportComparison[]): Markup {
  const keyOf = (comparison: ReportComparison): string =>
    `${comparison.metric} ${comparison.models.join(" ")}`;
  const metrics = [...new Set(comparisons.map((comparison) => comparison.metric))];
  const keys = [...new Set(comparisons.map(keyOf))];
  const charts = keys.slice(0, mostCharts).map((key) => {
    const own = comparisons.filter((comparison) => keyOf(comparison) === key);
    const [first] = own;
    if (first === undefined) return null;
    const marks = own.map((comparison): IntervalMark => {
      const title = `${setTitle(comparison.set)}: ${points(comparison.difference)} points [${points(comparison.interval[0])}, ${points(comparison.interval[1])}]`;
      return {
        row: setTitle(comparison.set),
        value: comparison.difference,
        interval: comparison.interval,
        color: JUDGE_COLORS[judge(comparison)],
        lane: 0,
        title,
      };
    });
    const name = `${modelTitle(first.models[0])} − ${modelTitle(first.models[1])}`;
    const metric = allMetrics.find(first.metric);
    const picture = intervalChart(marks, {
      label: `${name}, ${metric.title}: ${marks.map((mark) => mark.title).join("; ")}`,
      rows: own.map((comparison) => setTitle(comparison.set)),
      lanes: 1,
      axis: `${metric.title}, points (${betterWord(metric)} is better)`,
      reference: 0,
    });
    return figure(name, picture, metrics.length > 1 ? metric.title : undefined);
  });
  const left =
    keys.length > mostCharts
      ? html`<p class="note">
          The first ${mostCharts} of ${keys.length} pairs and metrics; all are under Numbers.
        </p>`
      : null;
  return html`<div class="grid wide">${charts}</div>
    ${left}`;
}

/** Whether a run has differences over several seeds. */
function several(input: Pick<ReportInput, "comparisons">): boolean {
  return input.comparisons.some(({ bySeed }) => bySeed !== undefined);
}

function pairTable(comparisons: readonly ReportComparison[]): Markup {
  const spread = several({ comparisons });
  const rows = comparisons.map(
    (found) =>
      html`<tr>
        <th scope="row">${modelTitle(found.models[0])} − ${modelTitle(found.models[1])}</th>
        <td class="text">${allMetrics.find(found.metric).title}</td>
        <td class="text">${setTitle(found.set)}</td>
        <td class="${judge(found)}">${points(found.difference, 2)}</td>
        ${spread ? html`<td>${points(found.deviation ?? 0, 2).slice(1)}</td>` : null}
        <td>${points(found.interval[0], 2)} to ${points(found.interval[1], 2)}</td>
        <td>${probability(found.p)}${found.beyond ? "*" : ""}</td>
        <td>${probability(found.adjustedP)}</td>
        <td>${found.delongP === undefined ? "" : probability(found.delongP)}</td>
      </tr>`,
  );
  const head = html`<tr>
    <th scope="col">Models</th>
    <th scope="col" class="text">Metric</th>
    <th scope="col" class="text">Set</th>
    <th scope="col">Difference, points</th>
    ${spread ? html`<th scope="col">±<small>over seeds</small></th>` : null}
    <th scope="col">95 % interval</th>
    <th scope="col">p</th>
    <th scope="col">p (Holm)</th>
    <th scope="col">p (DeLong)</th>
  </tr>`;
  return html`<details>
    <summary>Numbers</summary>
    ${table("Paired differences", head, rows)}
    ${
      comparisons.some(({ beyond }) => beyond)
        ? html`<p class="note">* Every resample has this sign: p is that of their standard error.</p>`
        : null
    }
  </details>`;
}

/** ID validation against ID test, which must not differ. */
export function nullTestSection(input: ReportInput): Section | null {
  const models = modelsOf(input.results);
  const intervals: Interval[] = [];
  const marks = input.results.flatMap((result) =>
    result.detectors.flatMap((detector): IntervalMark[] => {
      const test = detector.nullTest;
      if (test === undefined || test === null) return [];
      const lane = models.indexOf(result.model);
      if (test.interval !== null) intervals.push(test.interval);
      const around = test.interval === null ? "" : ` (${percentInterval(test.interval)})`;
      const title = `${modelTitle(result.model)}, ${detector.id}: ${percent(test.auroc)}${around}`;
      return [
        {
          row: detector.id,
          value: test.auroc,
          interval: test.interval ?? [test.auroc, test.auroc],
          color: modelColor(result.model, lane),
          lane,
          title,
        },
      ];
    }),
  );
  if (marks.length === 0) return null;
  const off = intervals.filter(([low, high]) => low > 0.5 || high < 0.5);
  const reading =
    intervals.length === 0
      ? "No intervals were asked for, so chance cannot be told from an artefact here."
      : off.length === 0
        ? "Every interval contains 50: the detectors see no difference where there is none."
        : `${off.length} of ${intervals.length} intervals leave 50 out; about one in twenty does so by chance. More than that means that validation and test images differ.`;
  const picture = intervalChart(marks, {
    label: `Null test: ${marks.map((mark) => mark.title).join("; ")}`,
    rows: detectorsOf(input.results).filter((id) => marks.some((mark) => mark.row === id)),
    lanes: models.length,
    axis: "AUROC, %",
    limits: [0, 1],
    reference: 0.5,
  });
  return section(
    "null-test",
    "Null test",
    "Null test",
    `Known validation images against known test images: an AUROC other than 50 would be an artefact. ${reading}`,
    [
      legend(
        models.map((model, i) => ({
          color: modelColor(model, i),
          text: modelTitle(model),
          shape: "dot" as const,
        })),
      ),
      html`<div class="grid wide">${figure("ID validation against ID test", picture)}</div>`,
    ],
  );
}
