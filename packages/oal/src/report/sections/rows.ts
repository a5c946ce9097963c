/** Where the published code does something else than the method means, and which of both the run has. */
import type { ReportInput, ReportRow } from "../input.js";
import { html, type Markup } from "../markup.js";
import { section, table, type Section } from "../section.js";

const states: Readonly<Record<ReportRow["state"], string>> = {
  fixed: "corrected",
  published: "as published",
  "no effect": "as published, without effect here",
};

/** A table of every row; behind a line where all are corrected. */
export function rowsSection({ rows: found }: ReportInput): Section | null {
  if (!found) return null;
  const { mode, rows, notReproduced } = found;
  const inForce = rows.filter(({ state }) => state === "published").length;
  const all = table(
    "Rows",
    html`<tr>
      <th scope="col">Row</th>
      <th scope="col" class="text">In this run</th>
      <th scope="col" class="text">The published code</th>
      <th scope="col" class="text">What follows</th>
      <th scope="col" class="text">Corrected</th>
    </tr>`,
    rows.map(rowLine),
  );
  const left = html`<p class="note">
    Not reproduced, because no number depends on them or they name files of the authors:
    ${Object.keys(notReproduced)
      .map((id) => Number(id.slice(1)))
      .join(", ")}.
  </p>`;
  return section(
    "rows",
    "Rows",
    "Published code against intention",
    `Mode ${mode}: ${inForce} of ${rows.length} rows are as the published code has them. Row numbers are those of docs/official.md, which tells each; fixes.rNN switches one.`,
    inForce > 0
      ? [all, left]
      : html`<details>
          <summary>All rows are corrected, or without effect here</summary>
          ${all}${left}
        </details>`,
  );
}

function rowLine({ id, title, state, published, consequence, corrected, settings }: ReportRow): Markup {
  const values = settings
    .filter(({ value }) => value !== undefined)
    .map(({ key, value }) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return html`<tr>
    <th scope="row">${Number(id.slice(1))} ${title}</th>
    <td class="text">
      ${states[state]}${values.length > 0 ? html`<small>${values.join(", ")}</small>` : null}
    </td>
    <td class="text wrapped">${published}</td>
    <td class="text wrapped">${consequence}</td>
    <td class="text wrapped">${corrected}</td>
  </tr>`;
}
