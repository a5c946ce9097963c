/**
 * A miniature of Stable Diffusion 2 with drawn weights, in its layout: a text encoder whose tokens have 1,024 numbers and whose file puts
 * out the states of an inner layer too, rows filled up with token 0, a denoiser with linear projections around its attention that
 * predicts velocity, a decoder. Nothing of it is trained: its pictures are noise of the right shape.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Graph,
  Random,
  add,
  cast,
  concat,
  conv2d,
  cos,
  float32Tensor,
  gather,
  gelu,
  groupNorm,
  layerNorm,
  matmul,
  mul,
  reduceMean,
  reshape,
  resizeNearest,
  silu,
  sin,
  softmax,
  transpose,
  type Value,
} from "oal-core";
import { writeModelFile } from "../runtime/modelFile.js";
import { bytePairs } from "./tinyDiffusion.js";

/** Length of a token's embedding and of a state, as in Stable Diffusion 2. */
export const secondWidth = 1024;
/** Tokens of a row. */
const length = 77;
/** Height and width of a latent, and of a picture. */
const [side, pixels] = [8, 32];

/** Writes the folder. */
export async function writeSecondDiffusion(folder: string): Promise<void> {
  const { vocab, merges } = bytePairs(["!"]);
  const json = async (part: string, name: string, value: object): Promise<void> => {
    await mkdir(join(folder, part), { recursive: true });
    await writeFile(join(folder, part, name), JSON.stringify(value));
  };
  await json(".", "model_index.json", { _class_name: "StableDiffusionPipeline" });
  await json("tokenizer", "vocab.json", vocab);
  await writeFile(join(folder, "tokenizer", "merges.txt"), ["#version: 0.2", ...merges].join("\n"));
  await json("tokenizer", "special_tokens_map.json", { pad_token: "!" });
  await json("tokenizer", "tokenizer_config.json", { model_max_length: length, pad_token: "<|endoftext|>" });
  await json("scheduler", "scheduler_config.json", {
    _class_name: "DDIMScheduler",
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    num_train_timesteps: 1000,
    prediction_type: "v_prediction",
    steps_offset: 1,
    set_alpha_to_one: false,
  });
  await json("text_encoder", "config.json", { hidden_size: secondWidth, num_hidden_layers: 1 });
  await json("unet", "config.json", {
    in_channels: 4,
    out_channels: 4,
    sample_size: side,
    cross_attention_dim: secondWidth,
    attention_head_dim: [2, 2],
    use_linear_projection: true,
  });
  await json("vae_decoder", "config.json", { scaling_factor: 0.18215, block_out_channels: [8, 8, 8] });
  const parts = {
    text_encoder: textEncoder(Object.keys(vocab).length),
    unet: denoiser(),
    vae_decoder: decoder(),
  };
  for (const [part, graph] of Object.entries(parts)) {
    await mkdir(join(folder, part), { recursive: true });
    await writeModelFile(join(folder, part, "model.onnx"), graph);
  }
}

/** Declares drawn weights of a graph by name. */
function weightsOf(graph: Graph) {
  const random = new Random(2, "second");
  const weight = (name: string, shape: readonly number[], spread?: number): Value => {
    const [inputs = 1] = shape;
    const fan = shape.length === 4 ? shape.slice(1).reduce((product, each) => product * each, 1) : inputs;
    const count = shape.reduce((product, each) => product * each, 1);
    const scale = spread ?? 1 / Math.sqrt(fan);
    const values = random.derive(name).normals(0, count);
    return graph.constant(
      float32Tensor(
        shape,
        values.map((value) => scale * value),
      ),
      name,
    );
  };
  const filled = (name: string, count: number, value: number): Value =>
    graph.constant(float32Tensor([count], new Float32Array(count).fill(value)), name);
  return {
    weight,
    dense: (name: string, x: Value, from: number, to: number): Value =>
      add(matmul(x, weight(`${name}.weight`, [from, to])), filled(`${name}.bias`, to, 0)),
    conv: (name: string, x: Value, from: number, to: number, strides = 1): Value =>
      conv2d(x, weight(`${name}.weight`, [to, from, 3, 3]), filled(`${name}.bias`, to, 0), {
        pads: 1,
        strides,
      }),
    levelled: (name: string, x: Value, width: number): Value =>
      layerNorm(x, filled(`${name}.weight`, width, 1), filled(`${name}.bias`, width, 0)),
    normal: (name: string, x: Value, channels: number): Value =>
      groupNorm(x, 4, filled(`${name}.weight`, channels, 1), filled(`${name}.bias`, channels, 0)),
  };
}

type Weights = ReturnType<typeof weightsOf>;

/** Attention of rows [B, N, C] to rows [B, M, D] through so many numbers. */
function attention(
  { dense }: Weights,
  name: string,
  rows: Value,
  seen: Value,
  sizes: { readonly width: number; readonly seen: number; readonly inside: number },
  mask?: Value,
): Value {
  const { width, seen: seenWidth, inside } = sizes;
  const queries = dense(`${name}.to_q`, rows, width, inside);
  const keys = dense(`${name}.to_k`, seen, seenWidth, inside);
  const products = mul(matmul(queries, transpose(keys, [0, 2, 1])), 1 / Math.sqrt(inside));
  const shares = softmax(mask ? add(products, mask) : products);
  return dense(
    `${name}.to_out`,
    matmul(shares, dense(`${name}.to_v`, seen, seenWidth, inside)),
    inside,
    width,
  );
}

/** One layer of a causal transformer, and the states before it as an output of their own. */
function textEncoder(size: number): Graph {
  const graph = new Graph();
  const weights = weightsOf(graph);
  const { weight, dense, levelled } = weights;
  const ids = graph.input("input_ids", { dtype: "int64", shape: ["batch", length] });
  const embedded = gather(weight("token_embedding.weight", [size, secondWidth], 0.02), ids);
  const start = add(embedded, weight("position_embedding.weight", [1, length, secondWidth], 0.01));
  const later = Float32Array.from({ length: length ** 2 }, (_, i) =>
    i % length > Math.floor(i / length) ? -1e9 : 0,
  );
  const mask = graph.constant(float32Tensor([1, length, length], later), "causal_mask");
  const own = levelled("layer_norm1", start, secondWidth);
  const sizes = { width: secondWidth, seen: secondWidth, inside: 16 };
  const attended = add(start, attention(weights, "self_attn", own, own, sizes, mask));
  const wide = gelu(dense("mlp.fc1", levelled("layer_norm2", attended, secondWidth), secondWidth, 32));
  const states = levelled(
    "final_layer_norm",
    add(attended, dense("mlp.fc2", wide, 32, secondWidth)),
    secondWidth,
  );
  graph.output("pooler_output", reduceMean(states, [1]));
  graph.output("hidden_states.0", start);
  graph.output("last_hidden_state", states);
  return graph;
}

/** Two levels with a shortcut, the time added in both, attention to the states in the inner one. */
function denoiser(): Graph {
  const graph = new Graph();
  const weights = weightsOf(graph);
  const { dense, conv, levelled, normal } = weights;
  const [outer, inner, embedded, half] = [8, 16, 32, 8];
  const rows = "batch";
  const sample = graph.input("sample", { dtype: "float32", shape: [rows, 4, side, side] });
  const timestep = graph.input("timestep", { dtype: "int64", shape: [] });
  const states = graph.input("encoder_hidden_states", {
    dtype: "float32",
    shape: [rows, length, secondWidth],
  });
  const frequencies = Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / half));
  const angles = mul(
    reshape(cast(timestep, "float32"), [1, 1]),
    graph.constant(float32Tensor([1, half], frequencies)),
  );
  const time = silu(dense("time_embedding", concat([cos(angles), sin(angles)], 1), 2 * half, embedded));
  const residual = (name: string, x: Value, channels: number): Value => {
    const shift = reshape(dense(`${name}.time_emb_proj`, time, embedded, channels), [1, channels, 1, 1]);
    const first = add(
      conv(`${name}.conv1`, silu(normal(`${name}.norm1`, x, channels)), channels, channels),
      shift,
    );
    return add(x, conv(`${name}.conv2`, silu(normal(`${name}.norm2`, first, channels)), channels, channels));
  };
  const start = residual("down", conv("conv_in", sample, 4, outer), outer);
  const low = conv("downsampler", start, outer, inner, 2);
  const count = (side / 2) ** 2;
  const flat = transpose(reshape(normal("norm", low, inner), [rows, inner, count]), [0, 2, 1]);
  const projected = dense("proj_in", flat, inner, inner);
  const sizes = { width: inner, seen: secondWidth, inside: 8 };
  const asked = add(
    projected,
    attention(weights, "attn2", levelled("norm2", projected, inner), states, sizes),
  );
  const back = reshape(transpose(dense("proj_out", asked, inner, inner), [0, 2, 1]), [
    rows,
    inner,
    side / 2,
    side / 2,
  ]);
  const raised = resizeNearest(residual("mid", add(low, back), inner), 2);
  const joined = conv("up", concat([raised, start], 1), inner + outer, outer);
  graph.output("out_sample", conv("conv_out", silu(normal("conv_norm_out", joined, outer)), outer, 4));
  return graph;
}

/** Latents to pictures of four times the size. */
function decoder(): Graph {
  const graph = new Graph();
  const { conv, normal } = weightsOf(graph);
  const latents = graph.input("latent_sample", { dtype: "float32", shape: ["batch", 4, side, side] });
  let x = conv("conv_in", latents, 4, 8);
  for (let size = side; size < pixels; size *= 2)
    x = conv(`up.${size}`, resizeNearest(silu(normal(`norm.${size}`, x, 8)), 2), 8, 8);
  graph.output("sample", conv("conv_out", silu(x), 8, 3));
  return graph;
}
