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
   * Which word-piece gives way. "last": the last one of the name, where the name stands (METHOD 9, row 7 repaired). "first": the first one
   * of the word, at every place of the prompt where that token occurs, as the published code does.
   */
  readonly piece: "last" | "first";
  /**
   * The words that are looked for in place of the names, at every place where they occur; one that does not occur leaves the prompt as it
   * is, as published (row 6). Default: the names, which must occur.
   */
  readonly words?: readonly string[];
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
 * @throws OAL-D175 for a name that the tokenizer does not know, OAL-D176 for a prompt in which the name is not found or cut off, OAL-C202
 *   for a prompt without a place for the name
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
  const { names, piece, words } = wording;
  return names.map((name, label) => {
    const text = `${before}${name}${after}`;
    const row = tokenizer.row(text);
    const tokens = knownTokens(tokenizer, words?.[label] ?? name);
    const token = (piece === "last" ? tokens.at(-1) : tokens[0]) ?? tokenizer.end;
    const everywhere = row.flatMap((found, i) => (found === token ? [i] : []));
    if (words) return { text, row, token, places: everywhere };
    const start = 1 + tokenizer.tokens(before).length;
    const isThere = tokens.every((each, i) => row[start + i] === each);
    if (!isThere) throw missing(tokenizer, name, token, text);
    return { text, row, token, places: piece === "last" ? [start + tokens.length - 1] : everywhere };
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

/** The first two classes of which one token is all that tells them, which no embedding of it could tell apart. */
export function sharedToken(prompts: readonly ClassPrompt[]): readonly [number, number] | undefined {
  const label = prompts.findIndex(({ token }, i) => prompts.slice(0, i).some((one) => one.token === token));
  return label < 0 ? undefined : [prompts.findIndex(({ token }) => token === prompts[label]?.token), label];
}
