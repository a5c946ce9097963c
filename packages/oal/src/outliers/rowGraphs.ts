/** Graph functions of rows, run over as many rows as there are: vectors of embeddings turned, summed or moved. */
import {
  Graph,
  add,
  div,
  float32Data,
  float32Tensor,
  mul,
  oalError,
  reduceSum,
  sqrt,
  type Engine,
  type Session,
  type Value,
} from "oal-core";

/** Rows of one call. */
const rowsAtOnce = 512;

/** A matrix by its numbers, [rows, width]. */
export interface RowMatrix {
  readonly values: Float32Array;
  readonly width: number;
}

/** A graph of rows that is made ready. */
export interface RowFunction {
  /** Runs it on matrices of as many rows each. @returns outputs by name, [rows, width] */
  run(inputs: Readonly<Record<string, RowMatrix>>): Promise<Readonly<Record<string, Float32Array>>>;
  release(): Promise<void>;
}

/**
 * Makes a function of rows ready.
 *
 * @param widths of the inputs by name
 * @param build gives the outputs, whose first side is the rows; each row follows from the same row of the inputs alone
 */
export async function rowFunction(
  engine: Engine,
  widths: Readonly<Record<string, number>>,
  build: (inputs: Readonly<Record<string, Value>>) => Readonly<Record<string, Value>>,
): Promise<RowFunction> {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(widths).map(([name, width]) => [
      name,
      graph.input(name, { dtype: "float32", shape: [rowsAtOnce, width] }),
    ]),
  );
  for (const [name, value] of Object.entries(build(inputs))) graph.output(name, value);
  const session: Session = await engine.compile(graph);
  return {
    run: (given) => runRows(session, given),
    release: () => session.release(),
  };
}

async function runRows(
  session: Session,
  given: Readonly<Record<string, RowMatrix>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const [first] = Object.values(given);
  const count = first ? first.values.length / first.width : 0;
  const results: Record<string, Float32Array> = {};
  for (let begin = 0; begin < count; begin += rowsAtOnce) {
    const own = Math.min(rowsAtOnce, count - begin);
    const feeds = Object.fromEntries(
      Object.entries(given).map(([name, { values, width }]) => {
        const filled = new Float32Array(rowsAtOnce * width);
        filled.set(values.subarray(begin * width, (begin + own) * width));
        return [name, float32Tensor([rowsAtOnce, width], filled)];
      }),
    );
    for (const [name, tensor] of Object.entries(await session.run(feeds))) {
      const width = tensor.shape.slice(1).reduce((product, side) => product * side, 1);
      const all = (results[name] ??= new Float32Array(count * width));
      all.set(float32Data(tensor, name).subarray(0, own * width), begin * width);
    }
  }
  return results;
}

/** Runs a function of rows once. @returns its output "rows" */
export async function mapRows(
  engine: Engine,
  inputs: Readonly<Record<string, RowMatrix>>,
  build: (inputs: Readonly<Record<string, Value>>) => Value,
): Promise<Float32Array> {
  const widths = Object.fromEntries(Object.entries(inputs).map(([name, { width }]) => [name, width]));
  const made = await rowFunction(engine, widths, (values) => ({ rows: build(values) }));
  try {
    const { rows } = await made.run(inputs);
    return rows ?? new Float32Array();
  } finally {
    await made.release();
  }
}

/** An input of a row function. @throws OAL-X101 when it is not among them */
export function rowsNamed(inputs: Readonly<Record<string, Value>>, name: string): Value {
  const value = inputs[name];
  if (value === undefined) throw oalError("OAL-X101", { problem: `a function of rows without "${name}"` });
  return value;
}

/** Lengths of rows, [N, 1]; a row of zeros has about 1e-6, so that dividing by it is sound. */
export function rowLengths(x: Value): Value {
  return sqrt(add(reduceSum(mul(x, x), [1], true), 1e-12));
}

/** Rows of length 1. */
export function unitRows(x: Value): Value {
  return div(x, rowLengths(x));
}
