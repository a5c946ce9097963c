/** Names from outside (files, classes, archive members) made safe to show: one line, no control of the terminal, no endless length. */

/**
 * What must not reach a terminal or a log as it is: control characters (C0, DEL, C1), the line and paragraph separators, marks that turn
 * the direction of text (a name could pretend to be another), and halves of surrogate pairs.
 */
const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text as one printable line: unsafe characters become \xHH or \u{HHHH}; a text of more than `width` characters loses its middle.
 *
 * @param width  most characters (code points) of the result, at least 8; default: any number
 */
export function printable(text: string, width = Infinity): string {
  const escaped = text.replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
  if (escaped.length <= width) return escaped;
  const characters = Array.from(escaped);
  if (characters.length <= width) return escaped;
  const kept = Math.max(8, width) - 1;
  const tail = Math.floor(kept / 2);
  return `${characters.slice(0, kept - tail).join("")}…${characters.slice(-tail).join("")}`;
}

/** The same details with every text made printable, also those in lists and plain objects. */
export function printableDetails<Details>(details: Details): Details;
export function printableDetails(details: unknown): unknown {
  if (typeof details === "string") return printable(details);
  if (Array.isArray(details)) return details.map((each: unknown) => printableDetails(each));
  if (typeof details !== "object" || details === null) return details;
  if (Object.getPrototypeOf(details) !== Object.prototype) return details;
  return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, printableDetails(value)]));
}
