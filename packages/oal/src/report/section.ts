/** The frame of a section: anchor, heading, a sentence on how to read it, content. */
import { html, type Content, type Markup } from "./markup.js";

/** One section of the page. */
export interface Section {
  readonly id: string;
  /** Short title for the navigation. */
  readonly title: string;
  readonly content: Markup;
}

/** Makes a section: `title` for the navigation, `heading` over it. `lead` says how to read what follows. */
export function section(
  id: string,
  title: string,
  heading: string,
  lead: Content,
  content: Content,
): Section {
  return {
    id,
    title,
    content: html`<section id="${id}" aria-labelledby="${id}-title">
      <h2 id="${id}-title">${heading}</h2>
      <p class="lead">${lead}</p>
      ${content}
    </section>`,
  };
}

/** A table in a container that scrolls sideways where the screen is narrow. */
export function table(label: string, head: Content, body: Content, className = ""): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table class="${className}">
      <thead>
        ${head}
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}
