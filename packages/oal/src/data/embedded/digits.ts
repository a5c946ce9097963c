/** In-distribution: the digits 0 to 9 of many font families, split by family. */
import { readOutlines, type Glyph } from "./outlines.js";
import { renderGlyph } from "./renderGlyph.js";
import { makeSet, type EmbeddedSet } from "./set.js";

/** train, validation and test share no font family; csId holds families that are hard to read (a covariate shift). */
export type DigitSplit = "train" | "validation" | "test" | "csId";

/** Names of the ten classes. */
export const digitNames: readonly string[] = Array.from("0123456789");

/**
 * Digits of one split. Image i shows the digit i mod 10, in a family drawn anew.
 *
 * @param count  number of images, an integer >= 0
 * @param seed  seed of the run
 * @returns labels 0 to 9, as equal in number as `count` allows
 */
export function makeDigits(split: DigitSplit, count: number, seed: number): EmbeddedSet {
  const glyphs = readOutlines(`digits-${split}`);
  const byDigit = digitNames.map((name) => glyphs.filter((glyph) => glyph.character === name));
  return makeSet(split, seed, { count }, digitNames, (index, draws, out) => {
    const label = index % 10;
    const source = renderOne(byDigit[label] ?? [], draws, out);
    return { label, source };
  });
}

/** Renders one glyph of a list, drawn uniformly, and returns its source. */
export function renderOne(
  glyphs: readonly Glyph[],
  draws: Parameters<typeof renderGlyph>[1],
  out: Uint8Array,
): string {
  const glyph = glyphs[draws.integer(glyphs.length)];
  if (glyph === undefined) return "";
  renderGlyph(glyph, draws, out);
  return glyph.source;
}
