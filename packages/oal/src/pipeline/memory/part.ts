/** What an estimate of memory is made of: sizes of the data, parts of a run, and what is taken for each beside its graphs. */
import type { GraphMemory } from "oal-core";

/** Node, the engine, the libraries and what a run has gathered by its end, in bytes (measured 200 to 400 MB). */
export const processBytes = 350 * 2 ** 20;
/** What the engine takes for what is alive: scratch space and gaps between blocks (measured 1.14 to 1.44). */
const engineFactor = 1.4;
/** Copies of inputs and constants: the array here, the engine's, and the outputs that replace the inputs. */
const heldFactor = 3;

/** Sizes of the data that a run will have. */
export interface DataSizes {
  readonly classes: number;
  /** Training images, after the split. */
  readonly train: number;
  /** Images of all sets together. */
  readonly all: number;
  /** Sets that models are evaluated on. */
  readonly sets: number;
}

/** Memory of a graph, and of the same in blocks of so many channels where it would be computed in these. */
export type CountedGraph = GraphMemory & { readonly inBlocks?: (block: number) => GraphMemory };

/** Memory of one part of a run. */
export interface StageMemory {
  /** What the part does, as words in a sentence. */
  readonly what: string;
  /** Keys of the configuration that make it smaller. */
  readonly lower: string;
  readonly bytes: number;
  /** The bytes where its steps are computed in blocks of so many channels; absent: it has none. @cost about 0.1 s */
  readonly inBlocks?: (block: number) => number;
}

/** The memory of a part of which several are computed in one process at the same time. */
export function severalAtOnce(part: StageMemory, count: number): StageMemory {
  if (count === 1) return part;
  const times = (bytes: number): number => processBytes + count * (bytes - processBytes);
  const { inBlocks } = part;
  return {
    what: `${part.what}, ${count} at the same time`,
    lower: `jobs, ${part.lower}`,
    bytes: times(part.bytes),
    ...(inBlocks ? { inBlocks: (block: number) => times(inBlocks(block)) } : {}),
  };
}

/**
 * The memory of a part.
 *
 * @param lower the key of its batch or its number of pictures
 * @param graphs those that are prepared at the same time
 * @param arrays bytes of what it holds beside them
 */
export function memoryOf(
  what: string,
  lower: string,
  graphs: readonly CountedGraph[],
  arrays = 0,
): StageMemory {
  const bytesOf = (counted: readonly GraphMemory[]): number =>
    counted.reduce(
      (sum, { live, held }) => sum + engineFactor * live + heldFactor * held,
      processBytes + arrays,
    );
  const part = { what, lower: `${lower} or data.size`, bytes: bytesOf(graphs) };
  if (!graphs.some(({ inBlocks }) => inBlocks)) return part;
  return {
    ...part,
    inBlocks: (block) => bytesOf(graphs.map((graph) => graph.inBlocks?.(block) ?? graph)),
  };
}
