/**
 * File names as text. A name on disk is any bytes; where they are valid UTF-8 the text is the name itself, elsewhere every wrong byte is
 * written \xHH. The way back exists for every text, and two names never become one text.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A backslash that would read as an escape must be one itself. */
const lookalike = /\\(?=x[0-9a-f]{2})/g;
const escape = /\\x([0-9a-f]{2})/g;

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Length in bytes of the UTF-8 sequence that a first byte begins; 1 where it begins none. */
function sequenceLength(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

/** The text of a name. */
export function textOfName(bytes: Uint8Array): string {
  const whole = decoded(bytes);
  if (whole !== undefined) return whole.replace(lookalike, "\\x5c");
  const parts: string[] = [];
  let valid = 0;
  const flush = (end: number): void => {
    parts.push((decoded(bytes.subarray(valid, end)) ?? "").replace(lookalike, "\\x5c"));
  };
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0);
    if (decoded(bytes.subarray(at, at + length)) !== undefined && at + length <= bytes.length) at += length;
    else {
      flush(at);
      parts.push(`\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`);
      valid = ++at;
    }
  }
  flush(bytes.length);
  return parts.join("");
}

/** The name of a text: as the system's calls take it, bytes only where text would not do. */
export function nameOfText(text: string): string | Buffer {
  if (!text.includes("\\x")) return text;
  const parts: Buffer[] = [];
  let done = 0;
  let escaped = false;
  for (const match of text.matchAll(escape)) {
    parts.push(Buffer.from(text.slice(done, match.index)));
    parts.push(Buffer.from([Number.parseInt(match[1] ?? "", 16)]));
    done = match.index + match[0].length;
    escaped = true;
  }
  if (!escaped) return text;
  parts.push(Buffer.from(text.slice(done)));
  return Buffer.concat(parts);
}
