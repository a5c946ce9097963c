/** What chose the settings: validation images, the user, a publication, or nobody. */
import type { Choice, ChosenBy } from "../../evaluation/choice.js";
import { modelTitle, plain } from "../format.js";
import type { ReportInput } from "../input.js";
import { html, type Content, type Markup } from "../markup.js";
import { section, table, type Section } from "../section.js";

const HEADINGS: Readonly<Record<ChosenBy, string>> = {
  validation: "Chosen by validation images",
  user: "Given by the user",
  published: "Taken from a publication",
  default: "Never tuned: defaults",
};

/** The settings that could have been tuned, by what chose them. */
export function choicesSection({ choices }: ReportInput): Section | null {
  if (choices.length === 0) return null;
  const of = (by: ChosenBy): readonly Choice[] => choices.filter(({ chosenBy }) => chosenBy === by);
  const defaults = of("default");
  return section(
    "choices",
    "Choices",
    "What chose the settings",
    "Every setting that could have been tuned. Test images chose none of them; what validation images chose may look a little too good on validation images, never here.",
    [
      ...(["validation", "user", "published"] as const).map((by) => block(by, of(by))),
      defaults.length === 0
        ? null
        : html`<details>
            <summary>${HEADINGS.default} (${defaults.length})</summary>
            ${settings("default", defaults)}
          </details>`,
    ],
  );
}

function block(by: ChosenBy, choices: readonly Choice[]): Markup {
  const content = choices.length === 0 ? html`<p class="note">Nothing.</p>` : settings(by, choices);
  return html`<h3>${HEADINGS[by]}</h3>
    ${content}`;
}

function settings(by: ChosenBy, choices: readonly Choice[]): Markup {
  const withModels = choices.some(({ models }) => models !== undefined);
  const withHow = choices.some(({ how }) => how !== undefined);
  const rows = choices.map(
    (choice) =>
      html`<tr>
        <th scope="row">${choice.setting}</th>
        ${withModels ? html`<td class="text">${(choice.models ?? []).map(modelTitle).join(", ")}</td>` : null}
        <td>${shown(choice.value)}</td>
        ${withHow ? html`<td class="text wrapped">${choice.how}${candidates(choice)}</td>` : null}
      </tr>`,
  );
  const head = html`<tr>
    <th scope="col">Setting</th>
    ${withModels ? html`<th scope="col" class="text">Models</th>` : null}
    <th scope="col">Value</th>
    ${withHow ? html`<th scope="col" class="text">How</th>` : null}
  </tr>`;
  return table(HEADINGS[by], head, rows);
}

function candidates({ candidates: tried }: Choice): Content {
  if (tried === undefined) return null;
  const texts = tried.map(({ value, score }) => `${shown(value)} (${plain(score)})`);
  return html`<small>tried: ${texts.join(", ")}</small>`;
}

function shown(value: unknown): string {
  if (typeof value === "number") return plain(value);
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
