/** How fast this machine computes, measured for a moment. */
import { countOperations, float32Tensor, gradients, Graph, reduceSum, type Engine } from "oal-core";
import { TrainingContext } from "../nn/context.js";
import { networks } from "../nn/networks/index.js";
import { initializeParameters } from "../nn/parameters.js";

/** What is measured: a training step with its gradients, or the network alone. */
export type Work = "step" | "pass";

/** The network and batch that stand for every other one: residual blocks of 64 to 256 channels. */
const probe = {
  network: "resnetSmall",
  width: 64,
  blocks: 1,
  size: 32,
  rows: 16,
  classes: 10,
  runs: 3,
} as const;

/** Floating-point operations per second, of the best of three runs. */
export async function measureSpeed(engine: Engine, work: Work): Promise<number> {
  const { width, blocks, size, rows, classes } = probe;
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const shape = [rows, 3, size, size];
  const images = graph.input("images", { dtype: "float32", shape });
  const options = { classes, imageSize: size, width, blocks };
  const { logits } = networks.find(probe.network).build(context, images, options);
  const trained = context.specs.filter(({ kind }) => kind === "parameter").map(({ name }) => name);
  graph.output("logits", logits);
  if (work === "step") {
    const slopes = gradients(
      reduceSum(logits, [0, 1]),
      trained.map((name) => context.values(name)),
    );
    slopes.forEach((slope, i) => graph.output(`slope/${trained[i] ?? i}`, slope));
  }
  const pixels = float32Tensor(
    shape,
    Float32Array.from({ length: rows * 3 * size * size }, (_, i) => (i % 7) / 7),
  );
  const feeds = { images: pixels, ...Object.fromEntries(initializeParameters(context.specs, 0)) };
  const session = await engine.compile(graph);
  try {
    await session.run(feeds);
    let best = Infinity;
    for (let run = 0; run < probe.runs; run++) {
      const started = performance.now();
      await session.run(feeds);
      best = Math.min(best, performance.now() - started);
    }
    return countOperations(graph).products / (best / 1000);
  } finally {
    await session.release();
  }
}
