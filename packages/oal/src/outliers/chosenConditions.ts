/** Which outlier embeddings make latents. */
import { Random } from "oal-core";
import { classesInTurn } from "../data/classesInTurn.js";
import type { z } from "zod";
import type { synthesisSchema } from "./synthesisOptions.js";

/** Latents that share an embedding in the published code (METHOD 4.1: one embedding an iteration, three samples). */
const samplesEach = 3;

/**
 * Rows of the embeddings, one per latent.
 *
 * `inTurn`: classes in turn, within a class in a seeded order. `published` (METHOD 4.1): for every three latents a class is drawn from
 * all, and one of its embeddings, which the three share; some classes get none.
 *
 * @param labels class of every embedding; not empty
 * @param options `perClass`: only the first so many embeddings of a class may be taken; 0: all
 */
export function chosenConditions(
  labels: ArrayLike<number>,
  {
    count,
    draw,
    perClass,
    seed,
  }: Pick<z.output<typeof synthesisSchema>, "count" | "draw" | "perClass" | "seed">,
): Int32Array {
  const rows = firstRows(labels, perClass);
  if (draw === "inTurn") {
    const offered = rows.map((row) => labels[row] ?? -1);
    return classesInTurn(offered, count, seed, "synthesis/choice").map((at) => rows[at] ?? 0);
  }
  const classes = new Map<number, number[]>();
  for (const row of rows) {
    const label = labels[row] ?? -1;
    classes.set(label, [...(classes.get(label) ?? []), row]);
  }
  const known = [...classes.keys()].sort((a, b) => a - b);
  const random = new Random(seed, "synthesis/published");
  const chosen = Array.from({ length: Math.ceil(count / samplesEach) }, (_, iteration) => {
    const label = known[random.integer(iteration, 0, known.length)] ?? 0;
    const own = classes.get(label) ?? [];
    return own[random.integer(iteration, 1, own.length)] ?? 0;
  });
  return Int32Array.from({ length: count }, (_, i) => chosen[Math.floor(i / samplesEach)] ?? 0);
}

/** The first rows of every class, in the order of the rows. */
function firstRows(labels: ArrayLike<number>, perClass: number): number[] {
  const taken = new Map<number, number>();
  return Array.from(labels, (_, row) => row).filter((row) => {
    const label = labels[row] ?? -1;
    const before = taken.get(label) ?? 0;
    taken.set(label, before + 1);
    return perClass === 0 || before < perClass;
  });
}
