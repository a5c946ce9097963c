/** The newest features of every class, carried from step to step. */
import {
  add,
  argMax,
  equal,
  float32Tensor,
  floor,
  less,
  matmul,
  minimum,
  mul,
  div,
  oneHot,
  reduceMean,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  swapLast,
  where,
  type Graph,
  type Value,
} from "oal-core";
import type { Context } from "../../nn/context.js";
import { zeros } from "../../nn/initialisers.js";

/** The features that a queue holds after a batch. No gradient flows into it. */
export interface FeatureQueue {
  /** float32 [C, size, D]; places that nothing has come to yet are rows of zeros. */
  readonly rows: Value;
  /** float32 [], the share of its places that are taken. */
  readonly filled: Value;
  /** float32 [], 1 where every class has all its rows, else 0. */
  readonly isFull: Value;
}

/**
 * Takes the features of a batch in: each at its own class's next place, the oldest one's. Of more samples of a class than it has places the later
 * ones stay. Buffers `rows` [C size, D], `next` and `taken` [C].
 *
 * @param labels float32 [N, C]; of mixed ones the largest counts
 * @param size rows of every class
 */
export function featureQueue(context: Context, features: Value, labels: Value, size: number): FeatureQueue {
  const { graph } = context;
  const [count = 0, classes = 0] = labels.shape;
  const width = features.size(1);
  const places = classes * size;
  const before = context.buffer("rows", [places, width], zeros);
  const next = context.buffer("next", [classes], zeros);
  const taken = context.buffer("taken", [classes], zeros);

  const own = oneHot(argMax(labels, 1), classes);
  const same = matmul(own, swapLast(own));
  const arrivals = reduceSum(own, [0]);
  const earlier = reduceSum(
    mul(
      same,
      triangle(graph, count, (row, column) => column < row),
    ),
    [1],
  );
  const later = reduceSum(
    mul(
      same,
      triangle(graph, count, (row, column) => column > row),
    ),
    [1],
  );
  const place = rest(add(asColumn(own, next), earlier), size);
  const first = asColumn(own, graph.constant(float32Tensor([classes], firsts(classes, size))));
  // a sample whose place another one of the batch takes after it goes nowhere
  const target = where(less(later, size), add(first, place), -1);
  const chosen = where(
    equal(
      graph.constant(
        float32Tensor(
          [places, 1],
          Float32Array.from({ length: places }, (_, at) => at),
        ),
      ),
      reshape(target, [1, count]),
    ),
    graph.scalar(1),
    graph.scalar(0),
  );
  const free = sub(1, reduceSum(chosen, [1], true));
  const rows = stopGradient(add(mul(before, free), matmul(chosen, stopGradient(features))));
  const held = minimum(add(taken, arrivals), size);
  context.updateBuffer("rows", rows);
  context.updateBuffer("next", rest(add(next, arrivals), size));
  context.updateBuffer("taken", held);
  const filled = stopGradient(div(reduceMean(held, [0]), size));
  return {
    rows: reshape(rows, [classes, size, width]),
    filled,
    isFull: where(less(filled, 1), graph.scalar(0), graph.scalar(1)),
  };
}

/** What a sample's class has: one-hot [N, C] and [C] to [N]. */
function asColumn(own: Value, perClass: Value): Value {
  const [count = 0, classes = 0] = own.shape;
  return reshape(matmul(own, reshape(perClass, [classes, 1])), [count]);
}

/** The rest of whole numbers in a division. */
function rest(numbers: Value, by: number): Value {
  return sub(numbers, mul(floor(div(numbers, by)), by));
}

function firsts(classes: number, size: number): Float32Array {
  return Float32Array.from({ length: classes }, (_, label) => label * size);
}

function triangle(graph: Graph, count: number, holds: (row: number, column: number) => boolean): Value {
  const cells = Float32Array.from({ length: count * count }, (_, at) =>
    Number(holds(Math.floor(at / count), at % count)),
  );
  return graph.constant(float32Tensor([count, count], cells));
}
