/** Pictures that the run did without: how many, which, and why. */
import { count } from "../format.js";
import type { ReportLeftOut } from "../input.js";
import { html, type Markup } from "../markup.js";

/** Names that are listed per set; more are counted. */
const mostNames = 200;

/** What was left out of every set; a sentence where nothing was. */
export function leftOutPart(all: readonly ReportLeftOut[]): Markup {
  const some = all.filter((set) => set.unreadable.length > 0 || Object.keys(set.passedOver).length > 0);
  const unreadable = some.reduce((sum, set) => sum + set.unreadable.length, 0);
  if (some.length === 0)
    return html`<h3>Left out</h3>
      <p class="note">Nothing: every picture of every set was read.</p>`;
  return html`<h3>
      Left out
      <span class="note"
        >${unreadable === 0 ? "no picture" : pictures(unreadable)} that could not be read</span
      >
    </h3>
    ${some.map(oneSet)}`;
}

function oneSet({ set, unreadable, passedOver }: ReportLeftOut): Markup {
  const others = Object.entries(passedOver).map(([reason, files]) => `${count(files)} × ${reason}`);
  const names = unreadable
    .slice(0, mostNames)
    .map(({ id, problem }) => html`<li><code>${id}</code> <span class="soft">${problem}</span></li>`);
  const more =
    unreadable.length > mostNames ? html`<li>and ${unreadable.length - mostNames} more</li>` : null;
  const list =
    unreadable.length === 0
      ? null
      : html`<details ${unreadable.length <= 5 ? html` open` : null}>
          <summary>${set}: ${pictures(unreadable.length)} could not be read</summary>
          <ul class="names">
            ${names}${more}
          </ul>
        </details>`;
  const files =
    others.length === 0
      ? null
      : html`<p class="note">${set}: files that are no pictures were passed over: ${others.join(", ")}.</p>`;
  return html`${list}${files}`;
}

function pictures(number: number): string {
  return number === 1 ? "1 picture" : `${count(number)} pictures`;
}
