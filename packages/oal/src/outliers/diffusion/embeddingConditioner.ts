/** The condition encoder of a model of ours: it takes the embedding itself. */
import { float32Tensor, oalError, sizeOf, type Engine } from "oal-core";
import { inBatches, padded } from "./batches.js";
import { floatsOf } from "./feeds.js";
import type { DiffusionLayout } from "./layout.js";
import type { MakeConditioner } from "./model.js";
import { bytesBesides } from "./parts.js";

/** @throws OAL-D172 for a model whose condition is a text */
export function embeddingConditioner(
  engine: Engine,
  { condition, stateWidth }: DiffusionLayout,
): MakeConditioner {
  const { path } = condition;
  if (condition.kind === "text")
    throw oalError("OAL-D172", { path, problem: "it takes prompts, and none are given" });
  const { embeddingDimension: dimension, tokens, batch } = condition;
  const stateShape = [tokens, stateWidth ?? dimension] as const;
  return (parts) => {
    const part = { name: "condition_encoder", bytes: bytesBesides(path), open: () => engine.open(path) };
    return {
      embeddingDimension: dimension,
      stateShape,
      condition: async (given, count) => {
        const session = await parts.use(part);
        const states = new Float32Array(count * sizeOf(stateShape));
        const drop = float32Tensor([batch], new Float32Array(batch).fill(given ? 0 : 1));
        await inBatches(count, batch, async (begin, rows) => {
          const embedding = given
            ? padded(given.embeddings, begin, rows, batch, dimension)
            : new Float32Array(batch * dimension);
          const feeds = { embedding: float32Tensor([batch, dimension], embedding), drop };
          const { encoder_hidden_states: found } = await session.run(feeds);
          if (!found)
            throw oalError("OAL-D172", { path, problem: 'it has no output "encoder_hidden_states"' });
          states.set(floatsOf(found).subarray(0, rows * sizeOf(stateShape)), begin * sizeOf(stateShape));
        });
        return states;
      },
    };
  };
}
