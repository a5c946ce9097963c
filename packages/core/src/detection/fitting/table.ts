/** Rows of float64 numbers. */

/** float64 [count, width], flat. */
export interface Table {
  readonly count: number;
  readonly width: number;
  readonly data: Float64Array;
}

/** Its columns as rows. */
export function transposed({ count, width, data }: Table): Table {
  const out = new Float64Array(data.length);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < width; j++) out[j * count + i] = data[i * width + j] ?? 0;
  return { count: width, width: count, data: out };
}

/** Its first rows; they share its memory. */
export function firstRows({ count, width, data }: Table, most: number): Table {
  const kept = Math.min(count, most);
  return { count: kept, width, data: data.subarray(0, kept * width) };
}
