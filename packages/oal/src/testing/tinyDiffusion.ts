/**
 * A folder in the layout of Stable Diffusion with networks of a few lines, in the variants that exporters write: element types and shapes
 * of inputs, numbers of rows, order of outputs. All variants compute the same.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Graph,
  Random,
  add,
  cast,
  concat,
  float32Tensor,
  gather,
  mul,
  operators,
  reduceMean,
  reshape,
  sin,
  sub,
  type Dim,
  type DType,
  type Operator,
  type Value,
} from "oal-core";
import { writeModelFile } from "../runtime/modelFile.js";

/** What differs between exports. */
export interface TinyVariant {
  /** Element type of the token numbers. Default int64. */
  readonly ids?: DType;
  /** Element type of weights, latents and states. Default float32. */
  readonly floats?: "float32" | "float16";
  readonly time?: {
    readonly dtype: DType;
    /** [] for a scalar, [1], or "rows" for one number for every row. */
    readonly shape: "scalar" | "one" | "rows";
  };
  /** Rows of a call of denoiser and decoder. Default: any. */
  readonly rows?: number;
  /** Names of the text encoder's outputs, states and whole text, in the order of the file. */
  readonly outputs?: readonly ("last_hidden_state" | "pooler_output" | "states")[];
  /** Weights of the text encoder in a file beside it. */
  readonly weightsBeside?: boolean;
  /** Width of the tokens' embeddings. Default 4. */
  readonly width?: number;
  readonly scheduler?: object;
  /** A denoiser that knows the picture which its states stand for, and says it as such a prediction. Default: one that knows nothing. */
  readonly knows?: "epsilon" | "v_prediction";
}

/** Words that are one token each; every letter is a token too. */
const words = ["ant", "bee", "cat", "of", "the", "high", "red"];
const letters = Array.from("abcdefghijklmnopqrstuvwxyz");

/**
 * Vocabulary and merges of a byte-pair tokenizer that knows some words and all letters.
 *
 * @param first symbols before all others. Default: none
 */
export function bytePairs(first: readonly string[] = []): {
  vocab: Record<string, number>;
  merges: string[];
} {
  const symbols = [...first, ...letters, ...letters.map((letter) => `${letter}</w>`)];
  const merges: string[] = [];
  for (const word of words) {
    const parts = [...Array.from(word.slice(0, -1)), `${word.at(-1)}</w>`];
    let left = parts[0] ?? "";
    for (const part of parts.slice(1)) {
      merges.push(`${left} ${part}`);
      left += part;
      if (!symbols.includes(left)) symbols.push(left);
    }
  }
  const all = [...symbols, "<|startoftext|>", "<|endoftext|>"];
  return { vocab: Object.fromEntries(all.map((symbol, i) => [symbol, i])), merges: [...new Set(merges)] };
}

/** Length of a row. */
const length = 12;
/** [channels, height, width] of a latent; a picture has twice its sides. */
const latent = [4, 4, 4] as const;

/** Writes the folder. */
export async function writeTinyDiffusion(folder: string, variant: TinyVariant = {}): Promise<void> {
  const { width = 4, floats = "float32", rows = "rows", weightsBeside = false } = variant;
  const { vocab, merges } = bytePairs();
  const json = async (part: string, name: string, value: object): Promise<void> => {
    await mkdir(join(folder, part), { recursive: true });
    await writeFile(join(folder, part, name), JSON.stringify(value));
  };
  await json(".", "model_index.json", { _class_name: "OnnxStableDiffusionPipeline" });
  await json("tokenizer", "vocab.json", vocab);
  await writeFile(join(folder, "tokenizer", "merges.txt"), ["#version: 0.2", ...merges].join("\n"));
  await json("tokenizer", "tokenizer_config.json", { model_max_length: length });
  await json("scheduler", "scheduler_config.json", {
    _class_name: "PNDMScheduler",
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    num_train_timesteps: 1000,
    ...variant.scheduler,
  });
  await json("unet", "config.json", { in_channels: 4, sample_size: 4, cross_attention_dim: width });
  await json("vae_decoder", "config.json", { scaling_factor: 0.5, block_out_channels: [8, 8] });
  const model = async (part: string, graph: Graph): Promise<void> => {
    await mkdir(join(folder, part), { recursive: true });
    await writeModelFile(join(folder, part, "model.onnx"), graph, { weightsBeside });
  };
  await model("text_encoder", textEncoder(variant, Object.keys(vocab).length, width));
  await model("unet", variant.knows ? knowing(variant.knows, rows, width) : denoiser(variant, rows, width));
  const decoder = new Graph();
  const given = decoder.input("latent_sample", { dtype: floats, shape: [rows, ...latent] });
  decoder.output("sample", cast(decoded(cast(given, "float32")), floats));
  await model("vae_decoder", decoder);
}

/** States of a token: its embedding and a little of the mean of all. */
function textEncoder(
  { ids = "int64", floats = "float32", outputs = ["last_hidden_state", "pooler_output"] }: TinyVariant,
  size: number,
  width: number,
): Graph {
  const graph = new Graph();
  const numbers = graph.input("input_ids", { dtype: ids, shape: ["batch", "sequence"] });
  const rows = new Random(1, "tiny").normals(0, size * width);
  const whole = float32Tensor([size, width], rows);
  const { node } = cast(graph.constant(whole), floats);
  const [tensor = whole] =
    floats === "float32" ? [] : (node?.operator.reference([whole], node.attributes) ?? []);
  const table = graph.constant(tensor, "token_embedding.weight");
  const embedded = cast(
    floats === "float32" ? gather(table, numbers) : gatherHalves(table, numbers, width),
    "float32",
  );
  const states = add(embedded, mul(reduceMean(embedded, [1], true), 0.3));
  for (const name of outputs)
    graph.output(name, cast(name === "pooler_output" ? reduceMean(states, [1]) : states, floats));
  return graph;
}

/** A look-up in numbers of 16 bits, which oal holds and engines compute with. */
function gatherHalves(table: Value, indices: Value, width: number): Value {
  const shape = [...indices.dims, width];
  const operator: Operator = { ...operators.Gather, infer: () => [{ dtype: "float16", shape }] };
  const [found] = table.graph.node(operator, [table, indices], { axis: 0 });
  if (!found) throw new Error("a look-up without a result");
  return found;
}

/** One number for every row of states: their mean, weighted by their place; [rows, 1, 1]. */
function conditionOf(states: Value, width: number): Value {
  const weights = new Float32Array(length * width).map((_, i) => Math.cos(i) / 4);
  const weighted = mul(states, states.graph.constant(float32Tensor([1, length, width], weights)));
  return reduceMean(weighted, [1, 2], true);
}

/**
 * The prediction of a denoiser that knows the picture x0 = c k, c the condition and k a pattern: of x = a x0 + s e the noise
 * e = (x - a x0) / s, or the velocity a e - s x0 = (a x - x0) / s.
 */
function knowing(prediction: "epsilon" | "v_prediction", rows: Dim, width: number): Graph {
  const graph = new Graph();
  const sample = graph.input("sample", { dtype: "float32", shape: [rows, ...latent] });
  const timestep = graph.input("timestep", { dtype: "int64", shape: [1] });
  const states = graph.input("encoder_hidden_states", { dtype: "float32", shape: [rows, length, width] });
  let left = 1;
  const alphas = Float64Array.from({ length: 1000 }, (_, i) => {
    const root = Math.sqrt(0.00085) + (i / 999) * (Math.sqrt(0.012) - Math.sqrt(0.00085));
    return (left *= 1 - root ** 2);
  });
  const at = (of: (alpha: number) => number): Value =>
    reshape(
      gather(graph.constant(float32Tensor([1000], Float32Array.from(alphas, of))), timestep),
      [1, 1, 1, 1],
    );
  const [a, inverse] = [at(Math.sqrt), at((alpha) => 1 / Math.sqrt(1 - alpha))];
  const size = latent.reduce((product, each) => product * each, 1);
  const pattern = Float32Array.from({ length: size }, (_, i) => 100 * Math.sin(i));
  const picture = mul(
    reshape(conditionOf(states, width), [rows, 1, 1, 1]),
    graph.constant(float32Tensor([1, ...latent], pattern)),
  );
  const difference = prediction === "epsilon" ? sub(sample, mul(a, picture)) : sub(mul(a, sample), picture);
  graph.output("out_sample", mul(difference, inverse));
  return graph;
}

function denoiser({ floats = "float32", time }: TinyVariant, rows: Dim, width: number): Graph {
  const { dtype, shape } = time ?? { dtype: "int64", shape: "scalar" };
  const graph = new Graph();
  const sample = graph.input("sample", { dtype: floats, shape: [rows, ...latent] });
  const axes = shape === "scalar" ? [] : shape === "one" ? [1] : [rows];
  const timestep = cast(graph.input("timestep", { dtype, shape: axes }), "float32");
  const states = graph.input("encoder_hidden_states", { dtype: floats, shape: [rows, length, width] });
  const condition = conditionOf(cast(states, "float32"), width);
  const moment = sin(mul(timestep, 0.01));
  const asRows = (value: Value): Value =>
    shape === "rows" ? reshape(value, [rows, 1, 1]) : reshape(value, [1, 1, 1]);
  const shift = add(mul(condition, 5), mul(asRows(moment), 0.1));
  const shifted = add(mul(cast(sample, "float32"), 0.3), reshape(shift, [rows, 1, 1, 1]));
  graph.output("out_sample", cast(shifted, floats));
  return graph;
}

/** Pictures of twice the size: the first three channels, every value four times. */
function decoded(latents: Value): Value {
  const [rows = 1] = latents.dims;
  const graph = latents.graph;
  const channels = gather(
    latents,
    graph.constant({ dtype: "int64", shape: [3], data: BigInt64Array.of(0n, 1n, 2n) }),
    1,
  );
  const wide = reshape(channels, [rows, 3, 4, 4, 1]);
  const columns = reshape(concat([wide, wide], 4), [rows, 3, 4, 1, 8]);
  return reshape(concat([columns, columns], 3), [rows, 3, 8, 8]);
}
