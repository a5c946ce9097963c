/** The page of a benchmark: ranks, figures by set, parameters, data, models. One file, no script. */
import { metrics, type Metric } from "oal-core";
import { figure, legend } from "../report/charts/figure.js";
import { intervalChart, type IntervalMark } from "../report/charts/intervals.js";
import { betterWord, count, modelTitle, percent, percentInterval } from "../report/format.js";
import { renderPage } from "../report/frame.js";
import { html, type Content, type Markup } from "../report/markup.js";
import { modelColor } from "../report/palette.js";
import { section, table, type Section } from "../report/section.js";
import { tabs } from "../report/tabs.js";
import { cutWords } from "../bundle/cutWords.js";
import { rankText } from "./ranks.js";
import type { BenchmarkResult, BenchmarkRow, Figure, Rank } from "./result.js";
import { accuracyAt, detectorText, figureAt, legendOf, meansOf, sortedRows } from "./forms/figures.js";

/** The page as HTML text. @param finished  ISO time */
export function renderBenchmark(result: BenchmarkResult, finished: string): string {
  const { protocol, models, rows, version } = result;
  const seeds = models.reduce((sum, { files }) => sum + files.length, 0);
  const detectors = new Set(rows.map(({ detector }) => detector)).size;
  return renderPage({
    title: protocol.title,
    brand: "oal benchmark",
    summary: `${counted(models.length, "model")} (${counted(seeds, "file")}), ${counted(detectors, "detector")}, protocol ${protocol.id}.`,
    warnings: [...protocol.deviations, ...result.warnings],
    sections: [
      ranksSection(result),
      setsSection(result),
      ...parametersSection(result),
      modelsSection(result),
      dataSection(result),
    ],
    footer: `Made by oal ${version}, ${finished}. results.json beside this page has every number; parameters.json gives the chosen parameters back.`,
  });
}

function counted(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? "" : "s"}`;
}

/** Means over seeds, their spread and interval, as small print. */
function around({ values, deviation, interval }: Figure): string {
  return [
    ...(values.length > 1 ? [`± ${percent(deviation, 2)}`] : []),
    ...(interval ? [percentInterval(interval)] : []),
  ].join(", ");
}

function cell(figure: Figure | undefined, className = ""): Markup {
  if (!figure) return html`<td>–</td>`;
  return html`<td class="${className}">${percent(figure.mean, 2)}<small>${around(figure)}</small></td>`;
}

function rowHead(result: BenchmarkResult, row: BenchmarkRow): Markup {
  const position = result.models.findIndex(({ name }) => name === row.model);
  return html`<th scope="row">
    <span class="swatch" style="--key:${modelColor(row.model, position)}"></span>${modelTitle(row.model)}
    <span class="soft">${detectorText(result, row)}</span>
  </th>`;
}

function ranksSection(result: BenchmarkResult): Section {
  const means = meansOf(result);
  const rows = sortedRows(result.rows);
  const columns = means.flatMap((on) => [
    { on, metric: "auroc", title: `${on} AUROC ↑`, note: "" },
    { on, metric: "fpr95", title: `${on} FPR@95 ↓`, note: "OpenOOD" },
    { on, metric: "fpr95Id", title: `${on} FPR@95 ↓`, note: "known positive" },
  ]);
  const head = html`<tr>
    <th scope="col">Model, detector</th>
    ${means.map((on) => html`<th scope="col">Rank<small>${on}</small></th>`)}
    ${columns.map(({ title, note }) => html`<th scope="col">${title}<small>${note}</small></th>`)}
    <th scope="col">Accuracy ↑</th>
  </tr>`;
  const rank = (found: Rank | null): Markup =>
    html`<td class="mean">${rankText(found).replace("-", "–")}</td>`;
  const body = rows.map(
    (row) =>
      html`<tr>
        ${rowHead(result, row)} ${means.map((on) => rank(row.rank[on]))}
        ${columns.map(({ on, metric }) => cell(figureAt(row, on, metric)))} ${cell(accuracyAt(result, row))}
      </tr>`,
  );
  const ties = result.bootstrap.resamples > 0 ? " Rows whose intervals overlap share their ranks: ties." : "";
  return section(
    "ranks",
    "Ranks",
    "Ranks",
    `By near AUROC, the best first; in percent, means over the sets of a group.${ties}`,
    [
      table("Ranks", head, body, "results"),
      charts(result, rows),
      html`<p class="note">${legendOf(result)}.</p>`,
    ],
  );
}

/** Rows of a chart: more are in the table alone. */
const mostRows = 40;

function charts(result: BenchmarkResult, rows: readonly BenchmarkRow[]): Markup {
  const detectors = [...new Set(rows.map(({ detector }) => detector))].slice(0, mostRows);
  const names = result.models.map(({ name }) => name);
  const made = meansOf(result).map((on) => {
    const marks = rows.flatMap((row): IntervalMark[] => {
      const found = figureAt(row, on, "auroc");
      if (!found || !detectors.includes(row.detector)) return [];
      const { mean, deviation, interval } = found;
      const lane = names.indexOf(row.model);
      return [
        {
          row: row.detector,
          value: mean,
          interval: interval ?? [mean - deviation, mean + deviation],
          color: modelColor(row.model, lane),
          lane,
          title: `${modelTitle(row.model)}, ${row.detector}: ${percent(mean, 2)} (${around(found)})`,
        },
      ];
    });
    const picture = intervalChart(marks, {
      label: `AUROC on ${on}-OOD: ${marks.map(({ title }) => title).join("; ")}`,
      rows: detectors,
      lanes: names.length,
      axis: "AUROC, %",
      limits: [0, 1],
    });
    return figure(on === "near" ? "Near-OOD" : "Far-OOD", picture, "mean over its sets");
  });
  const keys = names.map((name, i) => ({
    color: modelColor(name, i),
    text: modelTitle(name),
    shape: "dot" as const,
  }));
  return html`${names.length > 1 ? legend(keys) : null}
    <div class="grid wide">${made}</div>`;
}

function setsSection(result: BenchmarkResult): Section {
  const sets = result.sets.filter(({ role }) => role === "near" || role === "far");
  const views = metrics.all.map((metric) => ({
    title: `${metric.title} ${metric.higherIsBetter ? "↑" : "↓"}`,
    content: [
      html`<p class="note">${metric.meaning}; ${betterWord(metric)} is better.</p>`,
      setTable(result, sets, metric),
    ],
  }));
  const known = result.sets.find(({ role }) => role === "test")?.images ?? 0;
  return section(
    "sets",
    "Sets",
    "Every set",
    `Each set of unknown images against the same ${count(known)} known test images${hasShifted(result) ? " and the shifted ones" : ""}, in percent. Bold is the best value of its column.`,
    tabs("sets", "Metric", views),
  );
}

function setTable(result: BenchmarkResult, sets: BenchmarkResult["sets"], metric: Metric): Markup {
  const rows = sortedRows(result.rows);
  const sign = metric.higherIsBetter ? 1 : -1;
  const best = sets.map(({ name }) =>
    Math.max(...rows.map((row) => sign * (figureAt(row, name, metric.id)?.mean ?? -sign * Infinity))),
  );
  const head = html`<tr>
    <th scope="col">Model, detector</th>
    ${sets.map(
      ({ name, role, images }) => html`<th scope="col">${name}<small>${role}, ${count(images)}</small></th>`,
    )}
  </tr>`;
  const body = rows.map(
    (row) =>
      html`<tr>
        ${rowHead(result, row)}
        ${sets.map(({ name }, k) => {
          const found = figureAt(row, name, metric.id);
          return cell(found, found && sign * found.mean === best[k] ? "best" : "");
        })}
      </tr>`,
  );
  return table(`${metric.title} by set`, head, body, "results");
}

function parametersSection(result: BenchmarkResult): Section[] {
  const rows = sortedRows(result.rows).filter(({ parameters }) =>
    parameters.some((own) => Object.keys(own).length > 0),
  );
  if (rows.length === 0) return [];
  const text = (values: Readonly<Record<string, unknown>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
      .join(", ");
  const lines = rows.map((row) => {
    const distinct = new Set(row.parameters.map(text));
    const used =
      distinct.size === 1
        ? [...distinct]
        : row.seeds.map((seed, k) => `seed ${seed}: ${text(row.parameters[k] ?? {})}`);
    const grids = row.searches.flatMap((search, k) =>
      search
        ? [
            html`<li>
              ${row.seeds.length > 1 ? `seed ${row.seeds[k]}: ` : null}${search.candidates
                .map(({ parameters, auroc }) => `${text(parameters)}: ${percent(auroc, 2)}`)
                .join("; ")}
            </li>`,
          ]
        : [],
    );
    return html`<tr>
      ${rowHead(result, row)}
      <td class="text wrapped">${used.join("; ")}</td>
      <td class="text wrapped">
        ${
          grids.length === 0
            ? "not searched"
            : html`<details>
                <summary>
                  ${counted(row.searches.find((search) => search)?.candidates.length ?? 0, "value")} tried
                </summary>
                <ul>
                  ${grids}
                </ul>
              </details>`
        }
      </td>
    </tr>`;
  });
  const lead = result.searched
    ? "Values were searched on the validation sets alone, as published: AUROC of known against unknown validation images, in percent; the first largest was taken."
    : "Nothing was searched: published defaults, or what was given.";
  return [
    section(
      "parameters",
      "Parameters",
      "Parameters of the detectors",
      lead,
      table(
        "Parameters",
        html`<tr>
          <th scope="col">Model, detector</th>
          <th scope="col" class="text">Used</th>
          <th scope="col" class="text">Tried</th>
        </tr>`,
        lines,
      ),
    ),
  ];
}

/** Whether known classes under other conditions join the known test images. */
function hasShifted({ sets }: BenchmarkResult): boolean {
  return sets.some(({ role }) => role === "shifted");
}

function modelsSection(result: BenchmarkResult): Section {
  const shifted = hasShifted(result);
  const body = result.models.flatMap(({ name, files }, position) =>
    files.map((file) => {
      return html`<tr>
        <th scope="row">
          <span class="swatch" style="--key:${modelColor(name, position)}"></span>${modelTitle(name)}
          ${files.length > 1 ? html`<span class="soft">seed ${file.seed}</span>` : null}
        </th>
        <td>${percent(file.testAccuracy, 2)}</td>
        ${shifted ? html`<td>${percent(file.accuracy, 2)}</td>` : null}
        <td>${file.validationAccuracy === null ? "–" : percent(file.validationAccuracy, 2)}</td>
        <td>${percent(file.calibration.ece, 2)}</td>
        <td>${file.features ?? "–"}</td>
        <td class="text wrapped">
          ${file.path}<small
            >SHA-256 ${file.sha256.slice(0, 16)}; ${cutWords(file.preprocessing)},
            ${file.preprocessing.interpolation}</small
          >${file.notes.map((note) => html`<small>${note}</small>`)}
        </td>
      </tr>`;
    }),
  );
  const nulls = result.rows.flatMap((row) =>
    (row.nullTest ?? []).flatMap(({ auroc, interval }, k) =>
      interval[0] > 0.5 || interval[1] < 0.5
        ? [
            `${modelTitle(row.model)}, ${row.detector}${row.seeds.length > 1 ? `, seed ${row.seeds[k]}` : ""}: ${percent(auroc)} (${percentInterval(interval)})`,
          ]
        : [],
    ),
  );
  const left = result.leftOut.map(
    ({ model, seed, detector, reason }) =>
      html`<li>${modelTitle(model)}, seed ${seed}, ${detector}: ${reason}</li>`,
  );
  return section(
    "models",
    "Models",
    "Models",
    `Accuracy and calibration in percent, of the known test images${shifted ? " alone; beside it the accuracy of these and the shifted images together, which the other tables state" : ""}.`,
    [
      table(
        "Models",
        html`<tr>
          <th scope="col">Model</th>
          <th scope="col">Accuracy</th>
          ${shifted ? html`<th scope="col">Accuracy, with shifted</th>` : null}
          <th scope="col">Accuracy, validation</th>
          <th scope="col">ECE</th>
          <th scope="col">Features</th>
          <th scope="col" class="text">File</th>
        </tr>`,
        body,
      ),
      nullText(result, nulls),
      left.length === 0
        ? null
        : html`<h3>Detectors that a model cannot serve</h3>
            <ul>
              ${left}
            </ul>`,
    ],
  );
}

function nullText(result: BenchmarkResult, found: readonly string[]): Content {
  if (!result.rows.some(({ nullTest }) => nullTest)) return null;
  return html`<p class="note">
    Known test${hasShifted(result) ? " (not the shifted)" : ""} against known validation images, which should
    be 50:
    ${found.length === 0 ? "all detectors have 50 within their interval." : `other ones are ${found.join("; ")}.`}
  </p>`;
}

function dataSection({ sets, protocol }: BenchmarkResult): Section {
  const body = sets.map(
    ({ name, role, images, sha256 }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td class="text">${role}</td>
        <td>${count(images)}</td>
        <td class="text">${sha256 === null ? "–" : html`<code>${sha256}</code>`}</td>
      </tr>`,
  );
  return section("data", "Data", "Data", protocol.notes.map((note) => `${note}.`).join(" "), [
    table(
      "Sets",
      html`<tr>
        <th scope="col">Set</th>
        <th scope="col" class="text">Role</th>
        <th scope="col">Images</th>
        <th scope="col" class="text">SHA-256 of its list</th>
      </tr>`,
      body,
    ),
  ]);
}
