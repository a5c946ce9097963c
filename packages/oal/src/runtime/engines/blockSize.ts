/** The block probe: how many channels ONNX Runtime's blocked convolutions of this CPU put together (16 with AVX-512, else 8). */
import { float32Tensor, Graph, OalError, reorderInput, writeModel } from "oal-core";
import { nativeSession } from "./onnxRuntime.js";

/** A multiple of every block that exists. */
const channels = 16;

let probed: Promise<number> | undefined;

/**
 * The CPU's block of channels, asked once a process.
 *
 * @param threads of the session that is asked
 * @returns 8 or 16; 0 when ONNX Runtime has no blocked kernels, so that the plain graph is used
 */
export function blockSize(threads: number): Promise<number> {
  probed ??= probe(threads);
  return probed;
}

/** Reorders [1, 16, 1, 2] with element 2 channel + place: the 1 then lies at the index that is the block. */
async function probe(threads: number): Promise<number> {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [1, channels, 1, 2] });
  graph.output("blocked", reorderInput(x, channels));
  const numbers = Array.from({ length: 2 * channels }, (_, index) => index);
  try {
    const session = await nativeSession(writeModel(graph), {
      executionProviders: ["cpu"],
      logSeverityLevel: 3,
      ...(threads === 0 ? {} : { intraOpNumThreads: threads }),
    });
    try {
      const { blocked } = await session.run({ x: float32Tensor(x.shape, numbers) });
      const block = blocked?.data.length === numbers.length ? Array.from(blocked.data, Number).indexOf(1) : 0;
      return block === 8 || block === 16 ? block : 0;
    } finally {
      await session.release();
    }
  } catch (error) {
    if (error instanceof OalError) return 0;
    throw error;
  }
}
