/**
 * HTML as values: the `html` tag escapes every string and number put into it, and only `Markup` goes in as it is.
 * A class name of `<script>` can therefore never become a tag.
 */

/** A piece of finished HTML or SVG. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in an `html` template: text is escaped, lists are joined, null and undefined vanish. */
export type Content = Markup | string | number | null | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for element content and quoted attributes; control characters become U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replace(/\p{Cc}/gu, (character) => ("\t\n\r".includes(character) ? character : "\ufffd"));
}

/** Template tag: `html\`<p>${text}</p>\``. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = strings[0] ?? "";
  values.forEach((value, i) => {
    text += flatten(value) + (strings[i + 1] ?? "");
  });
  return new Markup(text);
}

function flatten(value: Content): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "number") return String(value);
  return value.map(flatten).join("");
}

/** Several pieces one after another. */
export function join(parts: readonly Content[]): Markup {
  return new Markup(flatten(parts));
}

/** A PNG as an `img` with its picture inside the page. `label` is what a screen reader says. */
export function pngImage(png: Uint8Array, label: string, className = "pixels"): Markup {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  return html`<img
    class="${className}"
    alt="${label}"
    src="data:image/png;base64,${bytes.toString("base64")}"
  />`;
}
