/** The block probe: how many channels ONNX Runtime's blocked convolutions of this CPU put together (16 with AVX-512, else 8). */
import { float32Tensor, Graph, OalError, reorderInput, writeModel, type Session } from "oal-core";
import { nativeSession } from "./onnxRuntime.js";

/** A multiple of every block that exists. */
const channels = 16;

/** How ONNX Runtime says that it has no blocked kernels. */
const absent = /is not a registered function\/op/;

/**
 * The CPU's block of channels, asked once a process.
 *
 * @param threads of the session that is asked
 * @returns 8 or 16; 0 when ONNX Runtime has no blocked kernels, so that the plain graph is used
 */
export const blockSize = askedOnce((threads: number) =>
  blockOf((model) =>
    nativeSession(model, {
      executionProviders: ["cpu"],
      logSeverityLevel: 3,
      ...(threads === 0 ? {} : { intraOpNumThreads: threads }),
    }),
  ),
);

/** Something that is asked once, and again where that failed. */
export function askedOnce<Given, Answer>(
  ask: (given: Given) => Promise<Answer>,
): (given: Given) => Promise<Answer> {
  let known: Promise<Answer> | undefined;
  return (given) => {
    known ??= ask(given).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/**
 * Reorders [1, 16, 1, 2] with element 2 channel + place: the 1 then lies at the index that is the block.
 *
 * @returns 0 also where ONNX Runtime refuses to tell; a warning then says so, for steps take twice as long and have other last digits
 */
export async function blockOf(open: (model: Uint8Array) => Promise<Session>): Promise<number> {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: [1, channels, 1, 2] });
  graph.output("blocked", reorderInput(x, channels));
  const numbers = Array.from({ length: 2 * channels }, (_, index) => index);
  try {
    const session = await open(writeModel(graph));
    try {
      const { blocked } = await session.run({ x: float32Tensor(x.shape, numbers) });
      const block = blocked?.data.length === numbers.length ? Array.from(blocked.data, Number).indexOf(1) : 0;
      return block === 8 || block === 16 ? block : 0;
    } finally {
      await session.release();
    }
  } catch (error) {
    if (!(error instanceof OalError)) throw error;
    if (!absent.test(error.message))
      process.emitWarning(
        `ONNX Runtime does not tell its block of channels, so steps are computed without: slower, and with other last digits (${error.message})`,
        "OalWarning",
      );
    return 0;
  }
}
