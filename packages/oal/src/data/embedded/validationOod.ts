/**
 * Unknown pictures that settings may be chosen by, of kinds that no test set has. Near: signs, invented characters that go through the
 * very rendering of the digits (the test sets have letters and other scripts of real fonts). Far: drawings made of lines (the test
 * sets have textures, filled shapes, noise and photo-like fields).
 */
import { paintBackground } from "./background.js";
import { contrastingColour, finish, meanLuma, newCanvas, paint, type Canvas } from "./canvas.js";
import { cosine, sine, usualSize, type Draws } from "./draws.js";
import { inUnitBox, type Contours, type Glyph } from "./outlines.js";
import { rasterise, transform } from "./rasterise.js";
import { renderGlyph } from "./renderGlyph.js";
import { makeSet, type EmbeddedSet } from "./set.js";
import { strokeThrough } from "./strokes.js";

type Point = readonly [x: number, y: number];

/** Invented characters. */
export function makeSigns(count: number, seed: number): EmbeddedSet {
  return makeSet("signs", seed, { count }, [], (_index, draws, out) => {
    const glyph = inventSign(draws);
    renderGlyph(glyph, draws, out);
    return { label: -1, source: glyph.source };
  });
}

/** Line drawings of `size` x `size` pixels; their kinds follow each other cyclically. */
export function makeDrawings(count: number, seed: number, size: number): EmbeddedSet {
  const kinds = Object.entries(drawingKinds);
  return makeSet("drawings", seed, { count, size }, [], (index, draws, out) => {
    const [kind, lines] = kinds[index % kinds.length] ?? ["spiral", drawingKinds.spiral];
    const canvas = newCanvas(draws);
    paintBackground(canvas, draws);
    const scale = [draws.unit, 0, 0, draws.unit, 0, 0] as const;
    for (const line of lines(draws)) paintLine(canvas, draws, transform(line, scale));
    finish(canvas, draws, out);
    return { label: -1, source: `drawings/${kind}` };
  });
}

function paintLine(canvas: Canvas, draws: Draws, line: Contours): void {
  const coverage = rasterise(line, draws.size);
  paint(canvas, coverage, contrastingColour(draws, meanLuma(canvas, coverage), 0.2));
}

/** Strokes of a sign. */
const strokesOfSign = [4, 6] as const;
/** Tries until a sign is one that no digit looks like; nearly all are at the first or second. */
const mostTries = 30;

/**
 * Four to six strokes between neighbours of a 3 x 3 lattice whose points are moved a little, each stroke touching an earlier one.
 * No digit has two slanting strokes and a place where three meet: signs without them are drawn again.
 */
export function inventSign(draws: Draws): Glyph {
  const places = Array.from({ length: 9 }, (_, i): Point => [
    (i % 3) + draws.between(-0.25, 0.25),
    Math.floor(i / 3) + draws.between(-0.25, 0.25),
  ]);
  const count = strokesOfSign[0] + draws.integer(strokesOfSign[1] - strokesOfSign[0] + 1);
  let strokes = growStrokes(draws, count);
  for (let i = 1; i < mostTries && !isSign(strokes); i++) strokes = growStrokes(draws, count);
  const width = draws.between(0.22, 0.42);
  const contours = strokes.flatMap(({ from, to }) =>
    strokeThrough([places[from] ?? [0, 0], places[to] ?? [1, 1]], width),
  );
  const source = `signs/${strokes.map(({ from, to }) => `${from}${to}`).join("-")}`;
  return { source, character: "", contours: inUnitBox(contours) };
}

/** A stroke between two places of the lattice, numbered row by row from 0 to 8, `from` the smaller. */
interface Stroke {
  readonly from: number;
  readonly to: number;
}

const allStrokes: readonly Stroke[] = Array.from({ length: 81 }, (_, i) => ({
  from: Math.floor(i / 9),
  to: i % 9,
})).filter(
  ({ from, to }) =>
    from < to && Math.abs((from % 3) - (to % 3)) <= 1 && Math.floor(to / 3) - Math.floor(from / 3) <= 1,
);

/** Strokes drawn one after the other among those that touch what is there. */
function growStrokes(draws: Draws, count: number): readonly Stroke[] {
  const strokes: Stroke[] = [];
  while (strokes.length < count) {
    const free = allStrokes.filter(
      (stroke) =>
        !strokes.includes(stroke) && (strokes.length === 0 || strokes.some((s) => touch(s, stroke))),
    );
    const next = free[draws.integer(free.length)];
    if (next) strokes.push(next);
  }
  return strokes;
}

function touch(a: Stroke, b: Stroke): boolean {
  return a.from === b.from || a.from === b.to || a.to === b.from || a.to === b.to;
}

function isSign(strokes: readonly Stroke[]): boolean {
  const slanting = strokes.filter(({ from, to }) => to - from === 2 || to - from === 4);
  const meeting = Array.from({ length: 9 }, (_, place) =>
    strokes.filter((s) => s.from === place || s.to === place),
  );
  return slanting.length >= 2 && meeting.some(({ length }) => length >= 3);
}

/** A place somewhere in the middle of the picture. */
function somewhere(draws: Draws, slack: number): Point {
  return [usualSize / 2 + draws.between(-slack, slack), usualSize / 2 + draws.between(-slack, slack)];
}

/** Points along a curve around a centre, from polar coordinates with the angle in turns. */
function around(
  [x, y]: Point,
  count: number,
  polar: (t: number) => readonly [radius: number, turn: number],
): Point[] {
  return Array.from({ length: count }, (_, i): Point => {
    const [radius, turn] = polar(i / (count - 1));
    return [x + radius * cosine(turn), y + radius * sine(turn)];
  });
}

/** The kinds of drawings: each gives lines in pixels of an image of the usual size, painted one after the other. */
const drawingKinds = {
  /** Two and a half to four turns outwards. */
  spiral: (draws) => {
    const turns = draws.between(2.5, 4) * (draws.chance(0.5) ? 1 : -1);
    const [reach, start] = [draws.between(10, 17), draws.next()];
    const points = around(somewhere(draws, 4), 70, (t) => [1 + reach * t, start + turns * t]);
    return [strokeThrough(points, draws.between(1, 2.2))];
  },
  /** A closed curve of five to eight petals. */
  rosette: (draws) => {
    const petals = 5 + draws.integer(4);
    const [reach, depth, start] = [draws.between(8, 14), draws.between(0.45, 0.95), draws.next()];
    const points = around(somewhere(draws, 4), 97, (t) => [
      reach * (1 - depth * (0.5 + 0.5 * cosine(petals * t))),
      start + t,
    ]);
    return [strokeThrough(points, draws.between(1, 2))];
  },
  /** Axes with bars of several heights, or with a jagged line. */
  chart: (draws) => {
    const [left, bottom] = [draws.between(2, 7), usualSize - draws.between(2, 7)];
    const [right, top] = [usualSize - draws.between(1, 5), draws.between(1, 6)];
    const axes: Point[] = [
      [left, top],
      [left, bottom],
      [right, bottom],
    ];
    const count = 4 + draws.integer(4);
    const step = (right - left) / count;
    const values = Array.from({ length: count }, (_, i): Point => [
      left + (i + 0.6) * step,
      bottom - (bottom - top) * draws.between(0.1, 1),
    ]);
    const lines = draws.chance(0.5)
      ? [strokeThrough(values, draws.between(1, 2))]
      : values.map(([x, y]) =>
          strokeThrough(
            [
              [x, bottom],
              [x, y],
            ],
            step * 0.6,
          ),
        );
    return [...lines, strokeThrough(axes, draws.between(0.8, 1.5))];
  },
  /** Three to five wires of right angles that end in thick points. */
  wires: (draws) =>
    Array.from({ length: 3 + draws.integer(3) }, () => {
      const width = draws.between(0.8, 1.6);
      const points: Point[] = [somewhere(draws, 14)];
      for (let i = 0; i < 3 + draws.integer(3); i++) {
        const [x, y] = points.at(-1) ?? [0, 0];
        const by = draws.between(4, 13) * (draws.chance(0.5) ? 1 : -1);
        points.push(i % 2 === 0 ? [x + by, y] : [x, y + by]);
      }
      const end = points.at(-1) ?? [0, 0];
      return [...strokeThrough(points, width), ...strokeThrough([end, [end[0] + 0.1, end[1]]], 3 * width)];
    }),
} satisfies Readonly<Record<string, (draws: Draws) => readonly Contours[]>>;
