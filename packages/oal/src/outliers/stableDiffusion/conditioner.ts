/**
 * Prompts in which an outlier embedding stands for a class, as states of the text encoder: the conditioner of Stable Diffusion. An
 * embedding counts by its direction; its length becomes that of the anchor of its class, the embedding of the token that it replaces
 * (METHOD 3.2 and 4.1), unless it shall keep its own.
 */
import { oalError, sizeOf, type Engine } from "oal-core";
import type { MakeConditioner } from "../diffusion/model.js";
import { bytesBesides } from "../diffusion/parts.js";
import type { ClassPrompt } from "./prompts.js";
import { encodeRow, openCutEncoder, type TokenTable } from "./textEncoder.js";
import type { ClipTokenizer } from "./tokenizer.js";

/** A text encoder with prompts. */
export interface PromptEncoder {
  /** Path of the text encoder. */
  readonly path: string;
  readonly tokenizer: ClipTokenizer;
  readonly table: TokenTable;
  /** The prompt of every class. */
  readonly prompts: readonly ClassPrompt[];
  /** How long an embedding is that stands in a prompt: as the token that it replaces, or as it is. Default "token". */
  readonly lengths?: "token" | "own";
  /** Width of the states. Default: that of the tokens' embeddings. */
  readonly stateWidth?: number;
}

/** Makes the conditioner. Every prompt is encoded alone, so that its states do not depend on the others. */
export function promptConditioner(
  engine: Engine,
  { path, tokenizer, table, prompts, lengths = "token", stateWidth }: PromptEncoder,
): MakeConditioner {
  const { width } = table;
  const stateShape = [tokenizer.length, stateWidth ?? width] as const;
  const empty = tokenizer.row("");
  // of the table only the embeddings of the prompts' tokens are kept
  const used = new Set([empty, ...prompts.map(({ row }) => row), prompts.map(({ token }) => token)].flat());
  const rows = new Map(Array.from(used, (token) => [token, table.row(token)] as const));
  const embedded = (row: readonly number[]): Float32Array => {
    const values = new Float32Array(row.length * width);
    row.forEach((token, i) => values.set(rows.get(token) ?? new Float32Array(width), i * width));
    return values;
  };
  return (parts) => {
    const part = {
      name: "text_encoder",
      bytes: bytesBesides(path),
      open: () => openCutEncoder(engine, path),
    };
    const encode = async (row: readonly number[], embeddings: Float32Array): Promise<Float32Array> => {
      const states = await encodeRow(await parts.use(part), path, row, embeddings);
      if (states.length === sizeOf(stateShape)) return states;
      const found = states.length / tokenizer.length;
      throw oalError("OAL-D172", {
        path,
        problem: `gives states of width ${found}, and the denoiser takes ${stateShape[1]}`,
      });
    };
    const encodeOutlier = (label: number, outlier: Float32Array): Promise<Float32Array> => {
      const prompt = prompts[label];
      if (!prompt) throw oalError("OAL-X101", { problem: `there is no prompt for class ${label}` });
      const values = embedded(prompt.row);
      const anchor = lengths === "token" ? rows.get(prompt.token) : undefined;
      const scaled = anchor ? withLengthOf(outlier, anchor) : outlier;
      for (const place of prompt.places) values.set(scaled, place * width);
      return encode(prompt.row, values);
    };
    return {
      embeddingDimension: width,
      stateShape,
      condition: async (given, count) => {
        const states = new Float32Array(count * sizeOf(stateShape));
        const unconditional = given ? null : await encode(empty, embedded(empty));
        for (let i = 0; i < count; i++) {
          const outlier = given?.embeddings.subarray(i * width, (i + 1) * width);
          const found = unconditional ?? (outlier && (await encodeOutlier(given?.labels[i] ?? -1, outlier)));
          if (found) states.set(found, i * sizeOf(stateShape));
        }
        return states;
      },
    };
  };
}

function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** A vector of the first's direction and the second's length. */
function withLengthOf(direction: Float32Array, like: Float32Array): Float32Array {
  const length = lengthOf(direction);
  const factor = length > 0 ? lengthOf(like) / length : 0;
  return direction.map((value) => value * factor);
}
