/** Views to choose from without a script: radio buttons and CSS. In print the chosen view stands under its title. */
import { html, type Content, type Markup } from "./markup.js";

/** One view. */
export interface Tab {
  readonly title: string;
  readonly content: Content;
}

/** Views that the style sheet can switch; more than this are not offered. */
export const MOST_TABS = 12;

/**
 * A row of buttons over the chosen view. One view alone is shown without buttons.
 *
 * @param name  unique on the page, letters, digits and dashes
 * @param label  what is chosen: "Detector"
 * @param tabs  at most `MOST_TABS`; the rest is left out and said to be
 */
export function tabs(name: string, label: string, all: readonly Tab[]): Markup {
  const shown = all.slice(0, MOST_TABS);
  if (shown.length <= 1) return html`${shown[0]?.content}`;
  const left = all.length - shown.length;
  const buttons = shown.map((tab, i) => {
    const checked = i === 0 ? html` checked` : null;
    return html`<input type="radio" name="${name}" id="${name}-${i}" ${checked} /><label for="${name}-${i}"
        >${tab.title}</label
      >`;
  });
  const panels = shown.map(
    (tab) =>
      html`<div class="panel">
        <p class="panel-title">${label}: ${tab.title}</p>
        ${tab.content}
      </div>`,
  );
  const note = left > 0 ? html`<span class="tabs-more">and ${left} more in the results file</span>` : null;
  return html`<div class="tabs" role="group" aria-label="${label}">
    <span class="tabs-label">${label}</span>${buttons}${note}
    <div class="panels">${panels}</div>
  </div>`;
}
