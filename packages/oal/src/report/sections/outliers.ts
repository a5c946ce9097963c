/** The outliers that students were shown: pictures first, then what the teacher makes of them, then the figures of their making. */
import { count, percent, plain } from "../format.js";
import type { ReportAudit, ReportInput, ReportOutlierSource } from "../input.js";
import { html, type Markup } from "../markup.js";
import { section, table, type Section } from "../section.js";
import { sheets } from "./pictures.js";

/** Nothing where a run shows no outliers. */
export function outliersSection({ samples, audit, outlierSources = [] }: ReportInput): Section | null {
  const own = samples.filter((sample) => sample.section === "outliers");
  if (own.length === 0 && audit.length === 0 && outlierSources.length === 0) return null;
  return section(
    "outliers",
    "Outliers",
    "Outliers",
    "Pictures that students are taught to call unknown. Good ones look like no class, and not only like noise; one of which the teacher is as sure as of known pictures, and which lies as near to them, is a fake.",
    [
      sheets(own),
      outlierSources.length === 0 ? null : sourcesPart(outlierSources),
      audit.length === 0
        ? null
        : html`<h3>Figures of the stages before the students</h3>
            ${figures(audit)}`,
    ],
  );
}

function figures(audit: readonly ReportAudit[]): Markup {
  return html`<dl class="audit">
    ${audit.map(
      ({ name, value, note }) =>
        html`<div>
          <dt>${name}</dt>
          <dd class="value">${typeof value === "number" ? plain(value) : value}</dd>
          <dd>${note}</dd>
        </div>`,
    )}
  </dl>`;
}

function sourcesPart(sources: readonly ReportOutlierSource[]): Markup {
  const head = html`<tr>
    <th scope="col">Source</th>
    <th scope="col">Audit</th>
    <th scope="col">Fakes, %<small>of known pictures</small></th>
    <th scope="col">Sure, %<small>known pictures: 50</small></th>
    <th scope="col">Near, %<small>known pictures: 50</small></th>
    <th scope="col">Confidence, %<small>known pictures</small></th>
    <th scope="col">Distance<small>known pictures</small></th>
    <th scope="col">Pictures<small>looked at</small></th>
  </tr>`;
  const rows = sources.map(
    (each) =>
      html`<tr>
        <th scope="row">${each.source} <span class="soft">${each.title}</span></th>
        <td>${each.fault === null ? "passes" : html`<b>fails</b>`}</td>
        <td>${percent(each.fakes)}<small>${percent(each.knownFakes)}</small></td>
        <td>${percent(each.sure)}</td>
        <td>${percent(each.near)}</td>
        <td>${percent(each.meanConfidence)}<small>${percent(each.knownMeanConfidence)}</small></td>
        <td>${each.distance.toFixed(3)}<small>${each.knownDistance.toFixed(3)}</small></td>
        <td>${count(each.count)}</td>
      </tr>`,
  );
  const notes = sources.flatMap((each) => notesOn(each).map((text) => html`<p class="note">${text}</p>`));
  return html`<h3>
      What the teacher makes of them
      <span class="note"
        >sure: as sure as of half of the known validation pictures; near: as near to a training picture, among
        the teacher's features, as half of them; a fake is both</span
      >
    </h3>
    ${table("Audit of the outlier sources", head, rows)} ${notes}`;
}

function notesOn({ source, fault, classesLeftOut, kept }: ReportOutlierSource): readonly string[] {
  const classes = classesLeftOut.map(({ name, share }) => `${name} (${percent(share, 0)} %)`).join(", ");
  return [
    ...(fault === null ? [] : [`${source} fails: ${fault}`]),
    ...(classes === ""
      ? []
      : [
          `${source} leaves out ${classes}: of so many changed validation pictures the teacher is as sure as of half of the unchanged ones`,
        ]),
    ...(kept === null
      ? []
      : [`${source}: ${count(kept.count)} of ${count(kept.candidates)} pictures were kept`]),
  ];
}
