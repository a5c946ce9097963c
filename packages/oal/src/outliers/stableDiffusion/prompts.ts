/**
 * Prompts whose class word is another embedding (METHOD 4.1): which tokens a prompt has, at which of them the outlier stands, and which
 * token's embedding is the anchor of a class.
 */
import { oalError } from "oal-core";
import type { ClipTokenizer } from "./tokenizer.js";

/** Where the name of a class stands in a prompt. */
export const namePlace = "<name>";

/** How prompts are worded and where the outlier goes. */
export interface Wording {
  /** The prompt, with "<name>" where the class is named. */
  readonly prompt: string;
  /** What each class is called in its prompt. */
  readonly names: readonly string[];
  /**
   * "name": the last word-piece of the name, where the name stands (METHOD 9, row 7 repaired). "word": as the published code does, the
   * first word-piece of another word, at every place of the prompt where that token occurs.
   */
  readonly replace: "name" | "word";
  /** With "word": the word of each class. Default: its name. */
  readonly words?: readonly string[];
  /** With "word": a token that does not occur leaves the prompt as it is, as published (row 6); otherwise it is an error. Default false. */
  readonly mayBeMissing?: boolean;
}

/** The prompt of one class. */
export interface ClassPrompt {
  readonly text: string;
  /** A whole row of token numbers. */
  readonly row: readonly number[];
  /** The token whose embedding gives way, and whose embedding is the anchor of the class. */
  readonly token: number;
  /** Where the outlier's embedding stands; empty where the token does not occur. */
  readonly places: readonly number[];
}

/**
 * The prompts of all classes.
 *
 * @throws OAL-D175 for a name that the tokenizer does not know, OAL-D176 for a prompt in which the token to be replaced does not occur,
 *   OAL-C202 for a prompt without a place for the name
 */
export function classPrompts(tokenizer: ClipTokenizer, wording: Wording): ClassPrompt[] {
  const parts = wording.prompt.split(namePlace);
  const [before = "", after = ""] = parts;
  if (parts.length !== 2)
    throw oalError("OAL-C202", {
      at: "synthesis.prompt",
      where: "configuration",
      problem: `must hold ${namePlace} once, where the name of the class goes`,
    });
  return wording.names.map((name, label) => {
    const text = `${before}${name}${after}`;
    const row = tokenizer.row(text);
    const known = knownTokens(tokenizer, name);
    if (wording.replace === "name") {
      const start = 1 + tokenizer.tokens(before).length;
      const place = start + known.length - 1;
      const isThere = known.every((token, i) => row[start + i] === token) && place < tokenizer.length - 1;
      const token = known.at(-1) ?? tokenizer.end;
      if (!isThere) throw missing(tokenizer, name, token, text);
      return { text, row, token, places: [place] };
    }
    const word = wording.words?.[label] ?? name;
    const [token = tokenizer.end] = knownTokens(tokenizer, word);
    const places = row.flatMap((found, i) => (found === token ? [i] : []));
    if (places.length === 0 && wording.mayBeMissing !== true) throw missing(tokenizer, word, token, text);
    return { text, row, token, places };
  });
}

/** The tokens of a name. @throws OAL-D175 where it has none, or one that stands for what the vocabulary lacks */
function knownTokens(tokenizer: ClipTokenizer, name: string): readonly number[] {
  const tokens = tokenizer.tokens(name);
  const unknown = tokens.some((token) => token === tokenizer.end || token === tokenizer.begin);
  if (tokens.length === 0 || unknown)
    throw oalError("OAL-D175", {
      name,
      problem:
        tokens.length === 0 ? "it makes no token" : "it holds what is not in the vocabulary, or an end mark",
    });
  return tokens;
}

function missing(tokenizer: ClipTokenizer, name: string, token: number, prompt: string): Error {
  return oalError("OAL-D176", { name, piece: tokenizer.name(token).replace("</w>", ""), prompt });
}
