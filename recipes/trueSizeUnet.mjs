// What does one guided step of Stable Diffusion 1.4 cost on this machine? Writes a U-Net of its very shape (859,520,964 weights, drawn,
// with the names and inputs that Optimum gives) with its weights beside it, and runs it on noise: memory and seconds of a guided step,
// which is a batch of two. docs/stable-diffusion.md has results.
//
//   node recipes/trueSizeUnet.mjs FOLDER                     # 32 bits, 3.4 GB of disk
//   node recipes/trueSizeUnet.mjs FOLDER --half              # weights of 16 bits, 1.7 GB
//   node recipes/trueSizeUnet.mjs FOLDER --steps 5 --size 32 # pictures of 256 pixels
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  add,
  apply,
  concat,
  conv2d,
  cos,
  cpuEngine,
  defineOperator,
  float32Tensor,
  gelu,
  Graph,
  groupNorm,
  layerNorm,
  matmul,
  mul,
  Random,
  reshape,
  resizeNearest,
  silu,
  sin,
  slice,
  softmax,
  transpose,
  writeModelFile,
} from "oal/graph";

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    half: { type: "boolean", default: false },
    steps: { type: "string", default: "3" },
    size: { type: "string", default: "64" },
    threads: { type: "string", default: "0" },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("where may gigabytes be written? node recipes/trueSizeUnet.mjs FOLDER [--half]");
  process.exit(2);
}
const size = Number(given.size);
const widths = [320, 640, 1280, 1280];
const [heads, groups, stateWidth, tokens] = [8, 32, 768, 77];
const embedded = 4 * widths[0];

/** Weights are pieces of one drawn row, so that building takes no more memory than the largest of them. */
const longest = 1280 * 2560 * 9;
const step = 2 ** 20;

/** A row of as many values as the largest weight has: normal, of deviation 0.02, repeated from some place on. */
function drawnRow(convert, Kind) {
  const some = Kind.from(new Random(0, "true-size U-Net").normals(0, step), (value) => convert(0.02 * value));
  const row = new Kind(longest);
  for (let at = 0; at < longest; at += step) row.set(some.subarray(0, Math.min(step, longest - at)), at);
  return row;
}

/** The bits of the float16 nearest to a number below 1. */
function halfBits(value) {
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.max(size, 2 ** -30))));
  return (value < 0 ? 0x8000 : 0) + (exponent + 14) * 1024 + Math.round(size / 2 ** (exponent - 10));
}

/** ONNX's Cast from weights of 16 bits, which oal holds and does not compute with. */
const widen = defineOperator({
  name: "Cast",
  sinceOpset: 9,
  attributes: { to: "int" },
  infer: ([x]) => [{ dtype: "float32", shape: x.shape }],
});

/** The U-Net as a graph; `sizes.weights` counts what it holds. */
function unet(half) {
  const graph = new Graph();
  const row = half ? drawnRow(halfBits, Uint16Array) : drawnRow(Number, Float32Array);
  const sizes = { weights: 0 };
  const weight = (name, shape) => {
    const count = shape.reduce((product, each) => product * each, 1);
    sizes.weights += count;
    const dtype = half ? "float16" : "float32";
    const kept = graph.constant({ dtype, shape, data: row.subarray(0, count) }, name);
    return half ? apply(widen, [kept], { to: 1 }) : kept;
  };
  const ones = (name, count) => {
    sizes.weights += count;
    return graph.constant(float32Tensor([count], new Float32Array(count).fill(1)), name);
  };
  const conv = (name, x, from, to, kernel, options = {}) =>
    conv2d(x, weight(`${name}.weight`, [to, from, kernel, kernel]), weight(`${name}.bias`, [to]), {
      pads: (kernel - 1) / 2,
      ...options,
    });
  const dense = (name, x, from, to, hasBias = true) => {
    const product = matmul(x, weight(`${name}.weight`, [from, to]));
    return hasBias ? add(product, weight(`${name}.bias`, [to])) : product;
  };
  const normal = (name, x, channels, epsilon = 1e-5) =>
    groupNorm(x, groups, ones(`${name}.weight`, channels), weight(`${name}.bias`, [channels]), epsilon);
  const levelled = (name, x, width) =>
    layerNorm(x, ones(`${name}.weight`, width), weight(`${name}.bias`, [width]));

  const sample = graph.input("sample", { dtype: "float32", shape: ["batch", 4, size, size] });
  const timestep = graph.input("timestep", { dtype: "float32", shape: [1] });
  const states = graph.input("encoder_hidden_states", {
    dtype: "float32",
    shape: ["batch", tokens, stateWidth],
  });

  const frequencies = Float32Array.from({ length: widths[0] / 2 }, (_, i) =>
    Math.exp((-Math.log(10_000) * i) / (widths[0] / 2)),
  );
  const angles = mul(
    reshape(timestep, [1, 1]),
    graph.constant(float32Tensor([1, widths[0] / 2], frequencies)),
  );
  const time = silu(
    dense(
      "time_embedding.linear_2",
      silu(dense("time_embedding.linear_1", concat([cos(angles), sin(angles)], 1), widths[0], embedded)),
      embedded,
      embedded,
    ),
  );

  const residual = (name, x, from, to) => {
    const first = conv(`${name}.conv1`, silu(normal(`${name}.norm1`, x, from)), from, to, 3);
    const shift = reshape(dense(`${name}.time_emb_proj`, time, embedded, to), [1, to, 1, 1]);
    const second = conv(`${name}.conv2`, silu(normal(`${name}.norm2`, add(first, shift), to)), to, to, 3);
    return add(from === to ? x : conv(`${name}.conv_shortcut`, x, from, to, 1), second);
  };
  /** Attention of rows [B, N, C] to rows [B, M, D]. */
  const attention = (name, x, seen, width, seenWidth, seenCount, count) => {
    const depth = width / heads;
    const split = (rows, number) => transpose(reshape(rows, ["batch", number, heads, depth]), [0, 2, 1, 3]);
    const queries = split(dense(`${name}.to_q`, x, width, width, false), count);
    const keys = split(dense(`${name}.to_k`, seen, seenWidth, width, false), seenCount);
    const values = split(dense(`${name}.to_v`, seen, seenWidth, width, false), seenCount);
    const shares = softmax(mul(matmul(queries, transpose(keys, [0, 1, 3, 2])), 1 / Math.sqrt(depth)));
    const joined = reshape(transpose(matmul(shares, values), [0, 2, 1, 3]), ["batch", count, width]);
    return dense(`${name}.to_out.0`, joined, width, width);
  };
  const transformer = (name, x, width, side) => {
    const count = side * side;
    const inside = conv(`${name}.proj_in`, normal(`${name}.norm`, x, width, 1e-6), width, width, 1);
    let rows = transpose(reshape(inside, ["batch", width, count]), [0, 2, 1]);
    const block = `${name}.transformer_blocks.0`;
    const own = levelled(`${block}.norm1`, rows, width);
    rows = add(rows, attention(`${block}.attn1`, own, own, width, width, count, count));
    const asked = levelled(`${block}.norm2`, rows, width);
    rows = add(rows, attention(`${block}.attn2`, asked, states, width, stateWidth, tokens, count));
    const wide = dense(`${block}.ff.net.0.proj`, levelled(`${block}.norm3`, rows, width), width, 8 * width);
    const gated = mul(slice(wide, [0], [4 * width], [2]), gelu(slice(wide, [4 * width], [8 * width], [2])));
    rows = add(rows, dense(`${block}.ff.net.2`, gated, 4 * width, width));
    const picture = reshape(transpose(rows, [0, 2, 1]), ["batch", width, side, side]);
    return add(x, conv(`${name}.proj_out`, picture, width, width, 1));
  };

  let x = conv("conv_in", sample, 4, widths[0], 3);
  const kept = [{ value: x, width: widths[0] }];
  let [width, side] = [widths[0], size];
  for (const [level, to] of widths.entries()) {
    for (const place of [0, 1]) {
      x = residual(`down_blocks.${level}.resnets.${place}`, x, width, to);
      if (level < 3) x = transformer(`down_blocks.${level}.attentions.${place}`, x, to, side);
      width = to;
      kept.push({ value: x, width });
    }
    if (level === 3) continue;
    x = conv(`down_blocks.${level}.downsamplers.0.conv`, x, width, width, 3, { strides: 2 });
    side /= 2;
    kept.push({ value: x, width });
  }
  x = residual("mid_block.resnets.0", x, width, width);
  x = transformer("mid_block.attentions.0", x, width, side);
  x = residual("mid_block.resnets.1", x, width, width);
  for (const [level, to] of widths.toReversed().entries()) {
    for (const place of [0, 1, 2]) {
      const beside = kept.pop();
      const both = concat([x, beside.value], 1);
      x = residual(`up_blocks.${level}.resnets.${place}`, both, width + beside.width, to);
      if (level > 0) x = transformer(`up_blocks.${level}.attentions.${place}`, x, to, side);
      width = to;
    }
    if (level === 3) continue;
    x = conv(`up_blocks.${level}.upsamplers.0.conv`, resizeNearest(x, 2), width, width, 3);
    side *= 2;
  }
  graph.output("out_sample", conv("conv_out", silu(normal("conv_norm_out", x, width)), width, 4, 3));
  return { graph, weights: sizes.weights };
}

const path = join(folder, given.half ? "unet-half" : "unet", `size-${size}`, "model.onnx");
if (!existsSync(path)) {
  const { graph, weights } = unet(given.half);
  console.log(`${weights.toLocaleString("en")} weights`);
  await mkdir(join(path, ".."), { recursive: true });
  await writeModelFile(path, graph, { name: "unet", weightsBeside: true });
  console.log(`${path} written; run the command again to measure, in a process that built nothing`);
} else {
  const memory = async () => {
    const status = await readFile("/proc/self/status", "utf8").catch(() => "");
    const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
    return peak === undefined ? "unknown" : `${(Number(peak) / 1e6).toFixed(2)} GB`;
  };
  const seconds = (from) => ((performance.now() - from) / 1000).toFixed(1);
  const processor = (from) => (process.cpuUsage(from).user / 1e6).toFixed(1);
  const engine = await cpuEngine({ threads: Number(given.threads) });
  let began = performance.now();
  const session = await engine.open(path);
  console.log(`opened in ${seconds(began)} s, peak memory ${await memory()}`);
  const random = new Random(1, "true-size U-Net");
  const states = float32Tensor([2, tokens, stateWidth], random.normals(0, 2 * tokens * stateWidth));
  let latent = float32Tensor([2, 4, size, size], random.normals(1, 2 * 4 * size * size));
  for (let i = 0; i < Number(given.steps); i++) {
    began = performance.now();
    const used = process.cpuUsage();
    const timestep = float32Tensor([1], [981 - 20 * i]);
    const { out_sample: out } = await session.run({
      sample: latent,
      timestep,
      encoder_hidden_states: states,
    });
    if (!out.data.every(Number.isFinite)) throw new Error("the U-Net gave numbers that are none");
    latent = out;
    console.log(
      `step ${i + 1}: ${seconds(began)} s, ${processor(used)} s of processor time, peak memory ${await memory()}`,
    );
  }
  await session.release();
}
