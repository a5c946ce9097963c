/**
 * Near-OOD: glyphs that are no digits, through the same rendering as the digits. Code points that look like a digit are left out
 * of the outline files (blurred cosine of 0.90 or more with an ID digit, and Latin letters by inspection).
 */
import { renderOne } from "./digits.js";
import { readOutlines, type Glyph } from "./outlines.js";
import { makeSet, type EmbeddedSet } from "./set.js";

/** Latin letters of the very families that the ID test digits come from. */
export function makeLetters(count: number, seed: number): EmbeddedSet {
  const glyphs = readOutlines("letters-test");
  return makeSet("letters", seed, { count }, [], (_index, draws, out) => ({
    label: -1,
    source: renderOne(glyphs, draws, out),
  }));
}

/** Glyphs of eight scripts, each script equally often. */
export function makeScripts(count: number, seed: number): EmbeddedSet {
  const families = new Map<string, Glyph[]>();
  for (const glyph of readOutlines("scripts-test")) {
    const family = glyph.source.slice(0, glyph.source.lastIndexOf("/"));
    families.set(family, [...(families.get(family) ?? []), glyph]);
  }
  const lists = [...families.values()];
  return makeSet("scripts", seed, { count }, [], (index, draws, out) => ({
    label: -1,
    source: renderOne(lists[index % lists.length] ?? [], draws, out),
  }));
}
