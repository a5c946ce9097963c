/** The page: head, title, navigation and the sections in order. One file, no script, nothing loaded from anywhere. */
import type { ReportInput } from "./input.js";
import { html, Markup } from "./markup.js";
import type { Section } from "./section.js";
import { STYLE } from "./style.js";
import { reportSections } from "./sectionRegistry.js";

/** The page may use nothing but its own styles and the pictures inside it; browsers hold it to that. */
export const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/**
 * The whole report as HTML text.
 *
 * @cost a few seconds, nearly all of them the layout of the feature map
 * @example writeFileSync("report.html", await renderReport(input));
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const sections: Section[] = [];
  for (const { render } of reportSections.all) {
    const made = await render(input);
    if (made !== null) sections.push(made);
  }
  const links = sections.map((section) => html`<a href="#${section.id}">${section.title}</a>`);
  const warnings = input.warnings ?? [];
  const notice =
    warnings.length === 0
      ? null
      : html`<details class="warnings" ${warnings.length <= 3 ? html` open` : null}>
          <summary>${warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}</summary>
          <ul>
            ${warnings.map((text) => html`<li>${text}</li>`)}
          </ul>
        </details>`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${input.title}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <a class="skip" href="#overview">Skip to the results</a>
        <header>
          <div class="wrap">
            <p class="brand">oal report</p>
            <h1>${input.title}</h1>
            <p class="summary">${input.summary}</p>
            ${notice}
          </div>
        </header>
        <nav aria-label="Sections"><div class="wrap">${links}</div></nav>
        <main class="wrap">${sections.map((section) => [section.content, "\n"])}</main>
        <footer class="wrap">
          Made by oal${input.environment.finished === undefined ? "" : `, ${input.environment.finished}`}.
          Per-image scores lie in the run folder; every table here can be made again from them.
        </footer>
      </body>
    </html> `;
  return page.text;
}
