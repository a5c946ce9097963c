/** Asks, in a process of its own, what of oal's training steps WebGPU leaves to the CPU. */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { answerOf } from "../runtime/engines/index.js";

const answerSchema = z.object({
  /** Steps that were asked for. */
  steps: z.number(),
  /** What is left to the CPU, by what is trained. */
  left: z.record(z.string(), z.array(z.string())),
});

/** What was found, or why nothing was. */
export type FallbackResult =
  (z.infer<typeof answerSchema> & { readonly problem: null }) | { readonly problem: string };

/** Milliseconds after which a driver that does not answer is given up. */
const patience = 120_000;

/** Never throws. */
export async function probeFallbacks(): Promise<FallbackResult> {
  const script = fileURLToPath(new URL("./fallbackProbe.js", import.meta.url));
  const { answer, problem } = await answerOf([script], patience);
  if (problem !== null) return { problem };
  const parsed = answerSchema.safeParse(answer);
  return parsed.success ? { ...parsed.data, problem: null } : { problem: "the probe gave no answer" };
}
