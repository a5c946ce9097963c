/** The page: head, title, navigation and the sections in order. One file, no script, nothing loaded from anywhere. */
import { html, Markup, type Content } from "./markup.js";
import type { Section } from "./section.js";
import { STYLE } from "./style.js";

/** The page may use nothing but its own styles and the pictures inside it; browsers hold it to that. */
export const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  /** What kind of page it is: "oal report". */
  readonly brand: string;
  /** A sentence or two under the title. */
  readonly summary: Content;
  readonly warnings: readonly string[];
  /** At least one; the first is where the results begin. */
  readonly sections: readonly Section[];
  readonly footer: Content;
}

/** A page as HTML text. */
export function renderPage({ title, brand, summary, warnings, sections, footer }: PageParts): string {
  const links = sections.map((section) => html`<a href="#${section.id}">${section.title}</a>`);
  const notice =
    warnings.length === 0
      ? null
      : html`<details class="warnings" ${warnings.length <= 3 ? html` open` : null}>
          <summary>${warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`}</summary>
          <ul>
            ${warnings.map((text) => html`<li>${text}</li>`)}
          </ul>
        </details>`;
  const body = html`
    <a class="skip" href="#${sections[0]?.id}">Skip to the results</a>
    ${pageHeader(brand, title, summary, notice)}
    <nav aria-label="Sections"><div class="wrap">${links}</div></nav>
    <main class="wrap">${sections.map((section) => [section.content, "\n"])}</main>
    <footer class="wrap">${footer}</footer>
  `;
  return keptTogether(pageOf(title, STYLE, body));
}

/** The top of a page: what kind it is, its title, and what is to be known first. */
export function pageHeader(brand: string, title: Content, summary: Content, notice: Content = null): Markup {
  return html`<header>
    <div class="wrap">
      <p class="brand">${brand}</p>
      <h1>${title}</h1>
      <p class="summary">${summary}</p>
      ${notice}
    </div>
  </header>`;
}

/** A whole page, as HTML text. */
export function pageOf(title: string, style: string, body: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${new Markup(style)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

/** Percent signs stay on the line of their number. */
function keptTogether(text: string): string {
  return text.replaceAll(/(\d) %/g, "$1\u00a0%");
}
