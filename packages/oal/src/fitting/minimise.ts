/** Minimising a smooth convex function from its values and gradients: limited-memory BFGS. */

/** A function's value and gradient at a point. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** How long to go on. */
export interface MinimiseOptions {
  /** Ends where no entry of the gradient is larger. */
  readonly tolerance: number;
  /** Most steps. */
  readonly steps: number;
  /** Called before every evaluation; what it throws ends the search. */
  readonly onEvaluation?: (() => void) | undefined;
}

/** Steps that are remembered; more of them cost memory and help little. */
const memory = 8;

/**
 * The point where a convex function is smallest.
 *
 * @param slopeAt  value and gradient at a point
 * @param start  where to begin; not changed
 * @returns the last point, and the steps taken
 * @source Nocedal and Wright 2006, "Numerical Optimization", algorithm 7.5, with a backtracking line search
 */
export async function minimise(
  slopeAt: (point: Float64Array) => Promise<Slope>,
  start: Float64Array,
  { tolerance, steps, onEvaluation = () => undefined }: MinimiseOptions,
): Promise<{ readonly point: Float64Array; readonly value: number; readonly steps: number }> {
  const evaluate = (at: Float64Array): Promise<Slope> => {
    onEvaluation();
    return slopeAt(at);
  };
  let point: Float64Array = start.slice();
  let slope = await evaluate(point);
  const pairs: { readonly move: Float64Array; readonly turn: Float64Array; readonly rho: number }[] = [];
  let step = 0;
  for (; step < steps; step++) {
    if (largest(slope.gradient) <= tolerance) break;
    const direction = downhill(slope.gradient, pairs);
    const next = await search(evaluate, point, slope, direction, pairs.length === 0);
    if (!next) break; // rounding hides what is left to gain
    const move = difference(next.point, point);
    const turn = difference(next.slope.gradient, slope.gradient);
    const curvature = dot(move, turn);
    if (curvature > 1e-12 * dot(turn, turn)) {
      pairs.push({ move, turn, rho: 1 / curvature });
      if (pairs.length > memory) pairs.shift();
    }
    ({ point, slope } = next);
  }
  return { point, value: slope.value, steps: step };
}

/** The quasi-Newton direction: two loops over the remembered steps. */
function downhill(
  gradient: Float64Array,
  pairs: readonly { readonly move: Float64Array; readonly turn: Float64Array; readonly rho: number }[],
): Float64Array {
  const direction = new Float64Array(gradient.length);
  addScaled(direction, gradient, -1);
  const factors: number[] = [];
  for (const { move, turn, rho } of pairs.toReversed()) {
    const factor = rho * dot(move, direction);
    factors.unshift(factor);
    addScaled(direction, turn, -factor);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.turn, last.turn));
    for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] ?? 0) * scale;
  }
  pairs.forEach(({ move, turn, rho }, i) => {
    addScaled(direction, move, (factors[i] ?? 0) - rho * dot(turn, direction));
  });
  return direction;
}

/** A point along the direction where the value is enough smaller; null where there is none. */
async function search(
  evaluate: (at: Float64Array) => Promise<Slope>,
  point: Float64Array,
  { value, gradient }: Slope,
  direction: Float64Array,
  first: boolean,
): Promise<{ readonly point: Float64Array; readonly slope: Slope } | null> {
  const descent = dot(gradient, direction);
  if (!(descent < 0)) return null;
  let length = first ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
  for (let tries = 0; tries < 30; tries++) {
    const there = point.slice();
    addScaled(there, direction, length);
    const slope = await evaluate(there);
    // values come in float32: what is smaller than their rounding counts as equal
    const noise = 1e-7 * Math.abs(value);
    if (slope.value <= value + 1e-4 * length * descent + noise) {
      return slope.value < value || norm(slope.gradient) < norm(gradient) ? { point: there, slope } : null;
    }
    // the minimum of the parabola through what is known, within bounds
    const parabola = (-descent * length * length) / (2 * (slope.value - value - descent * length));
    length = Number.isFinite(parabola)
      ? Math.min(0.5 * length, Math.max(0.1 * length, parabola))
      : 0.1 * length;
  }
  return null;
}

function largest(vector: Float64Array): number {
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i] ?? 0));
  return most;
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) result[i] = (a[i] ?? 0) - (b[i] ?? 0);
  return result;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] = (to[i] ?? 0) + factor * (from[i] ?? 0);
}
