/** The areas under ROC and both precision-recall curves, in one pass over the counts. */
import type { Counts } from "./ranking.js";

/** Fractions in [0, 1]. */
export interface Areas {
  /** P(ID > OOD) + P(equal) / 2. */
  readonly auroc: number;
  /** By trapezoids over all distinct confidences and the end point (recall 0, precision 1), ID positive. */
  readonly auprIn: number;
  /** The same, OOD positive. */
  readonly auprOut: number;
}

/** Counts are written once, so that what they come to is kept as long as they are. */
const known = new WeakMap<Counts, Areas>();

/** The areas of counts; asked for again they are not computed again. */
export function areasOf(counts: Counts): Areas {
  const found = known.get(counts) ?? computed(counts);
  known.set(counts, found);
  return found;
}

/**
 * Upwards by confidence. `precisionOut` is that of rejecting all samples so far; `precisionIn` that of accepting this one and all above it,
 * which belongs to the trapezoid of this entry and to that of the one below. Counts are integers of 32 bits, which is said to the engine by
 * `| 0`: it computes with doubles otherwise.
 */
function computed({ length, idUpTo, oodUpTo, idTotal, oodTotal }: Counts): Areas {
  let idBelow = 0;
  let oodBelow = 0;
  let pairs = 0;
  let areaOut = 0;
  let precisionOut = 1;
  let areaIn = 0;
  let precisionIn = 0;
  let idHere = 0;
  for (let i = 0; i < length; i++) {
    const [idNext, oodNext] = [idUpTo[i] ?? 0, oodUpTo[i] ?? 0];
    const accepted = (idTotal - idBelow) | 0;
    const here = accepted / ((accepted + oodTotal - oodBelow) | 0);
    areaIn += idHere * (precisionIn + here);
    precisionIn = here;
    idHere = (idNext - idBelow) | 0;
    pairs += idHere * ((oodBelow + oodNext) | 0);
    const next = oodNext / ((oodNext + idNext) | 0);
    areaOut += ((oodNext - oodBelow) | 0) * (precisionOut + next);
    precisionOut = next;
    idBelow = idNext;
    oodBelow = oodNext;
  }
  areaIn += idHere * (precisionIn + 1);
  return {
    auroc: pairs / 2 / (idTotal * oodTotal),
    auprIn: areaIn / 2 / idTotal,
    auprOut: areaOut / 2 / oodTotal,
  };
}
