/**
 * Glyph outlines of the embedded data set: reads packages/oal/assets/glyphs (made by scripts/glyphs/extract.mjs) and turns each path
 * string into polygons. Rasterising is in rasterise.ts; licences of the fonts lie beside the files.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { oalError } from "oal-core";

/** Closed polygons, each [x0, y0, x1, y1, ...] with y downwards; the last point joins the first. Holes turn the other way. */
export type Contours = readonly Float64Array[];

/** One glyph in a box of unit size: centred on its ink, max(height, 0.8 width) = 1. */
export interface Glyph {
  /** Font family and character, such as "lato/7". */
  readonly source: string;
  readonly character: string;
  readonly contours: Contours;
}

/** The committed outline files. Font families never appear in two digit files. */
export type OutlineFile =
  "digits-train" | "digits-validation" | "digits-test" | "digits-csId" | "letters-test" | "scripts-test";

const QUADRATIC_CHORDS = 6;
const CUBIC_CHORDS = 8;
const cache = new Map<OutlineFile, readonly Glyph[]>();

/**
 * All glyphs of one outline file, family by family. Read once per process.
 *
 * @throws OAL-I103 when the file is missing or not what extract.mjs writes
 */
export function readOutlines(file: OutlineFile): readonly Glyph[] {
  const known = cache.get(file);
  if (known !== undefined) return known;
  const path = fileURLToPath(new URL(`../../../assets/glyphs/${file}.json`, import.meta.url));
  const glyphs: Glyph[] = [];
  try {
    const data: unknown = JSON.parse(readFileSync(path, "utf8"));
    for (const [family, paths] of entriesOf(Object.fromEntries(entriesOf(data))["families"]))
      for (const [character, outline] of entriesOf(paths)) {
        if (typeof outline !== "string") throw new Error(`${family}/${character} is not a path`);
        const contours = inUnitBox(parseOutline(outline));
        glyphs.push({ source: `${family}/${character}`, character, contours });
      }
  } catch (error) {
    throw oalError("OAL-I103", { path, problem: error instanceof Error ? error.message : String(error) });
  }
  cache.set(file, glyphs);
  return glyphs;
}

/**
 * Polygons of a path string: "m x y" absolute, then relative l, q (6 chords) and c (8 chords). Repeated points are dropped.
 *
 * @example parseOutline("m0 0l10 0l0 5")   // [ Float64Array [0, 0, 10, 0, 10, 5] ]
 */
export function parseOutline(outline: string): Contours {
  const contours: Float64Array[] = [];
  let points: number[] = [];
  let x = 0;
  let y = 0;
  const close = (): void => {
    if (points.length > 2 && points[0] === x && points[1] === y) points.length -= 2;
    if (points.length >= 6) contours.push(Float64Array.from(points));
  };
  const put = (px: number, py: number): void => {
    if (px !== points.at(-2) || py !== points.at(-1)) points.push(px, py);
  };
  for (const [, letter, numbers = ""] of outline.matchAll(/([mlqc])([^mlqc]*)/g)) {
    const n = (numbers.match(/-?\d+/g) ?? []).map(Number);
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = n;
    if (letter === "m") {
      close();
      points = [a, b];
      [x, y] = [a, b];
      continue;
    }
    const chords = letter === "q" ? QUADRATIC_CHORDS : letter === "c" ? CUBIC_CHORDS : 1;
    for (let i = 1; i <= chords; i++) {
      const t = i / chords;
      const s = 1 - t;
      if (letter === "l") put(x + a, y + b);
      else if (letter === "q") put(x + 2 * s * t * a + t * t * c, y + 2 * s * t * b + t * t * d);
      else
        put(
          x + 3 * s * s * t * a + 3 * s * t * t * c + t * t * t * e,
          y + 3 * s * s * t * b + 3 * s * t * t * d + t * t * t * f,
        );
    }
    x += letter === "l" ? a : letter === "q" ? c : e;
    y += letter === "l" ? b : letter === "q" ? d : f;
  }
  close();
  return contours;
}

/** Bounding box [left, top, right, bottom] of polygons; infinite when there is none. */
export function boundsOf(contours: Contours): readonly [number, number, number, number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const points of contours)
    for (let i = 0; i < points.length; i += 2) {
      const x = points[i] ?? 0;
      const y = points[i + 1] ?? 0;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  return [left, top, right, bottom];
}

function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null) throw new Error("an object was expected");
  return Object.entries(value);
}

/**
 * Contours as those of a glyph: centred on their ink, scaled to the unit box, outer contours of positive area.
 *
 * @throws Error for contours without extent
 */
export function inUnitBox(contours: Contours): Contours {
  const [left, top, right, bottom] = boundsOf(contours);
  const extent = Math.max(bottom - top, 0.8 * (right - left));
  if (!(extent > 0)) throw new Error("an outline without area");
  const sign = signedArea(contours) < 0 ? -1 : 1;
  return contours.map((points) => {
    const out = new Float64Array(points.length);
    const count = points.length / 2;
    for (let i = 0; i < count; i++) {
      const from = sign < 0 ? count - 1 - i : i;
      out[2 * i] = ((points[2 * from] ?? 0) - (left + right) / 2) / extent;
      out[2 * i + 1] = ((points[2 * from + 1] ?? 0) - (top + bottom) / 2) / extent;
    }
    return out;
  });
}

/** Sum of the shoelace areas: holes count negatively when they turn the other way. */
export function signedArea(contours: Contours): number {
  let area = 0;
  forEachEdge(contours, (px, py, x, y) => (area += px * y - x * py));
  return area / 2;
}

/** Calls `visit` with both ends of every edge, the closing ones included. */
export function forEachEdge(
  contours: Contours,
  visit: (fromX: number, fromY: number, toX: number, toY: number) => void,
): void {
  for (const points of contours) {
    let px = points.at(-2) ?? 0;
    let py = points.at(-1) ?? 0;
    for (let i = 0; i < points.length; i += 2) {
      const x = points[i] ?? 0;
      const y = points[i + 1] ?? 0;
      visit(px, py, x, y);
      px = x;
      py = y;
    }
  }
}
