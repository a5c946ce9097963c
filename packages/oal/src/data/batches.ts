/** Which images make up a training step: a fresh order every epoch, drawn by counter, so that any step can be found without the others. */
import { Random } from "oal-core";

/**
 * Steps in one epoch: floor(n / batch), at least 1. The rest of an epoch's order is left out, so every batch is full.
 *
 * @param n  images in the set
 * @param batch  images per step
 */
export function stepsPerEpoch(n: number, batch: number): number {
  return Math.max(1, Math.floor(n / batch));
}

/** The epoch, counted from 0, of a step counted from 0. */
export function epochOf(step: number, n: number, batch: number): number {
  return Math.floor(step / stepsPerEpoch(n, batch));
}

const recent = new Map<string, { key: string; order: Uint32Array }>();

/** The order of epoch `epoch`, remembered per stream for the steps that follow. */
function epochOrder(seed: number, epoch: number, n: number, purpose: string): Uint32Array {
  const key = `${seed} ${epoch} ${n} ${purpose}`;
  const known = recent.get(purpose);
  if (known?.key === key) return known.order;
  const order = new Random(seed, purpose).permutation(epoch, n);
  recent.set(purpose, { key, order });
  return order;
}

/**
 * The images of one step: a slice of the epoch's order, a function of the arguments alone.
 *
 * @param seed  of the run
 * @param step  counted from 0 over all epochs
 * @param n  images in the set, >= 1
 * @param batch  images per step, >= 1; when it exceeds n, every image comes up once before any comes up again
 * @param purpose  name of the random stream; give streams that must be independent other names
 * @returns `batch` indices
 */
export function batchIndices(
  seed: number,
  step: number,
  n: number,
  batch: number,
  purpose = "data/order",
): Uint32Array {
  const perEpoch = stepsPerEpoch(n, batch);
  const epoch = Math.floor(step / perEpoch);
  if (batch <= n) {
    const start = (step - epoch * perEpoch) * batch;
    return epochOrder(seed, epoch, n, purpose).slice(start, start + batch);
  }
  const out = new Uint32Array(batch);
  for (let filled = 0, round = 0; filled < batch; round++) {
    const order = new Random(seed, `${purpose}/${round}`).permutation(epoch, n);
    out.set(order.subarray(0, batch - filled), filled);
    filled += Math.min(n, batch - filled);
  }
  return out;
}
