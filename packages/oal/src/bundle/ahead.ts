/** Work on a stream of inputs, begun before its turn comes: what is decoded while the engine computes. */

/** How far ahead. */
export interface AheadOptions {
  /** Results that are handed out together at most. */
  readonly batch: number;
  /** Pieces of work under way at once. */
  readonly workers: number;
}

/**
 * Results in the order of their inputs, in batches. As many inputs as two batches hold are asked for ahead. A source that makes one
 * wait holds up nothing: what is there already is handed out.
 */
export async function* inBatches<Input, Result>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  work: (input: Input, index: number) => Promise<Result>,
  { batch, workers }: AheadOptions,
): AsyncGenerator<Result[], void, undefined> {
  const source = iteratorOf(inputs);
  const begin = limiter(workers);
  const queue: Promise<Result>[] = [];
  let asked: Promise<IteratorResult<Input>> | undefined;
  let [ended, count] = [false, 0];
  const fill = async (): Promise<void> => {
    while (!ended && queue.length < 2 * batch) {
      asked ??= next(source);
      const found = queue.length === 0 ? await asked : await Promise.race([asked, turn()]);
      if (found === undefined) return;
      asked = undefined;
      if (found.done === true) ended = true;
      else {
        const { value } = found;
        const index = count++;
        const begun = begin(() => work(value, index));
        begun.catch(() => undefined); // told when its turn comes
        queue.push(begun);
      }
    }
  };
  try {
    for (;;) {
      await fill();
      if (queue.length === 0) return;
      yield await Promise.all(queue.splice(0, batch));
    }
  } finally {
    await Promise.allSettled(queue);
    if (!ended) await source.return?.();
  }
}

function iteratorOf<T>(inputs: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
}

async function next<T>(source: Iterator<T> | AsyncIterator<T>): Promise<IteratorResult<T>> {
  return source.next();
}

/** Undefined, once everything that is ready now has had its turn. */
function turn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}

/** Runs functions, at most `most` at once, in the order they were given. */
function limiter(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      const following = waiting.shift();
      if (following) following();
      else running--;
    }
  };
}
