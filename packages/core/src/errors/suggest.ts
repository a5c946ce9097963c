/** "Did you mean": the nearest of the known words by edit distance. */
import { expectArguments, kinds } from "./arguments.js";
import { nearest } from "./nearest.js";

/**
 * The known word nearest to what was typed, or undefined when none is near.
 *
 * @param word what was typed
 * @param known the words that exist
 * @returns the word with the smallest Damerau-Levenshtein distance, if that is at most a third of the length (at least 1, at most 3)
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  expectArguments("suggest", { word: [word, kinds.text], known: [known, kinds.listOf(kinds.text)] });
  return nearest(word, known);
}
