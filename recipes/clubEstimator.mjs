// What CLUB says of pairs whose mutual information is known, with q fitted by likelihood, and as published, with q never fitted.
// x is standard normal in d dimensions, y = rho x + sqrt(1 - rho^2) z: I = -(d/2) ln(1 - rho^2), and CLUB with the true q(y|x) is
// d rho^2 / (1 - rho^2). Usage: node recipes/clubEstimator.mjs [FILE]; writes docs/method/club.json, which the figures of docs/method.md
// are drawn from (node scripts/docs/figures.mjs). Some minutes.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { float32Tensor, gradients, Graph, Random } from "../packages/core/dist/index.js";
import { TrainingContext } from "../packages/oal/dist/nn/context.js";
import { clubLearningLoss, clubNetwork, clubValue } from "../packages/oal/dist/nn/losses/club.js";
import { optimisers } from "../packages/oal/dist/nn/optimisers/index.js";
import { initializeParameters } from "../packages/oal/dist/nn/parameters.js";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";

/** Mutual information of the pairs, in nats. */
export const information = (dimension, rho) => (-dimension / 2) * Math.log(1 - rho * rho);
/** CLUB of the pairs with the true conditional. */
export const exactClub = (dimension, rho) => (dimension * rho * rho) / (1 - rho * rho);

/** Pairs [count, dimension]; `shuffled` ones have no information. */
function pairs(random, step, count, dimension, rho, shuffled) {
  const [x, z] = [0, 1].map((part) => random.quickNormals(2 * step + part, count * dimension));
  const rest = Math.sqrt(1 - rho * rho);
  const y = x.map((value, i) => (shuffled ? z[i] : rho * value + rest * z[i]));
  return { x: float32Tensor([count, dimension], x), y: float32Tensor([count, dimension], y) };
}

/** A graph of q on a batch: what `build` makes of q and y, and one step of an optimiser down its `loss`. */
function stepGraph(dimension, hidden, batch, rule, build) {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const [x, y] = ["x", "y"].map((name) => graph.input(name, { dtype: "float32", shape: [batch, dimension] }));
  const q = clubNetwork(context, x, dimension, hidden);
  const outputs = build(q, y);
  for (const [name, value] of Object.entries(outputs)) graph.output(name, value);
  if (rule === null) return { graph, context };
  const scalar = (name) => graph.input(name, { dtype: "float32", shape: [] });
  const own = Object.fromEntries(rule.scalarNames.map((name) => [name, scalar(name)]));
  const learningRate = scalar("rate");
  const parameters = context.specs.map(({ name }) => context.values(name));
  const slopes = gradients(outputs.loss, parameters);
  context.specs.forEach(({ name }, i) => {
    const state = Object.fromEntries(
      rule.stateNames.map((part) => [part, graph.input(`${name}/${part}`, parameters[i].type)]),
    );
    const after = rule.update(parameters[i], slopes[i], state, { learningRate, decay: 0, own });
    graph.output(`${name}.after`, after.parameter);
    for (const part of rule.stateNames) graph.output(`${name}/${part}.after`, after.state[part]);
  });
  return { graph, context };
}

/** q of a kind, trained: its parameters. */
async function train(engine, setting, rule, rates, build, shuffled) {
  const { dimension, rho, hidden, batch, seed } = setting;
  const { graph, context } = stepGraph(dimension, hidden, batch, rule, build);
  const random = new Random(seed, `club/${dimension}/${rho}/${shuffled}`);
  const session = await engine.compile(graph);
  let feeds = Object.fromEntries(initializeParameters(context.specs, seed));
  for (const [name, tensor] of Object.entries(feeds))
    for (const part of rule.stateNames)
      feeds[`${name}/${part}`] = { ...tensor, data: new Float32Array(tensor.data.length) };
  for (let step = 0; step < rates.length; step++) {
    const scalars = { rate: rates[step], ...rule.scalarsAt(step, undefined) };
    const given = Object.fromEntries(
      Object.entries(scalars).map(([name, value]) => [name, float32Tensor([], [value])]),
    );
    const results = await session.run({
      ...feeds,
      ...given,
      ...pairs(random, step, batch, dimension, rho, shuffled),
    });
    feeds = Object.fromEntries(Object.keys(feeds).map((name) => [name, results[`${name}.after`]]));
  }
  await session.release();
  return Object.fromEntries(context.specs.map(({ name }) => [name, feeds[name]]));
}

/** The value of q on pairs that it has not seen. */
async function value(engine, setting, parameters, shuffled) {
  const { dimension, rho, hidden, samples, seed } = setting;
  const { graph } = stepGraph(dimension, hidden, samples, null, (q, y) => ({ value: clubValue(q, y) }));
  const session = await engine.compile(graph);
  const random = new Random(seed, `club/measured/${dimension}/${rho}`);
  const results = await session.run({
    ...parameters,
    ...pairs(random, 0, samples, dimension, rho, shuffled),
  });
  await session.release();
  return Number(results.value.data[0]);
}

const falling = (steps, rate) =>
  Array.from({ length: steps }, (_, step) => (rate / 2) * (1 + Math.cos((Math.PI * step) / steps)));

/** Hidden width of q, its training by likelihood, steps down the value, and pairs that the value is taken of. */
const usual = { hidden: 128, batch: 256, steps: 1500, rate: 5e-3, down: 500, samples: 20_000, seed: 1 };

/**
 * CLUB of pairs of known information: with q fitted by likelihood (Adam, cosine from `rate`), and with q trained as published, by SGD
 * down the value itself, on random pairs and on true ones.
 */
export async function estimate(engine, setting) {
  const all = { ...usual, ...setting };
  const { dimension, rho } = all;
  const adam = optimisers.find("adam").make({});
  const fitted = await train(
    engine,
    all,
    adam,
    falling(all.steps, all.rate),
    (q, y) => ({ loss: clubLearningLoss(q, y) }),
    false,
  );
  const sgd = optimisers.find("sgd").make({ momentum: 0.9, nesterov: true });
  const asPublished = (shuffled) =>
    train(engine, all, sgd, falling(all.down, 1e-4), (q, y) => ({ loss: clubValue(q, y) }), shuffled);
  return {
    dimension,
    rho,
    information: information(dimension, rho),
    exact: exactClub(dimension, rho),
    fitted: await value(engine, all, fitted, false),
    fittedShuffled: await value(engine, all, fitted, true),
    publishedRandomPairs: await value(engine, all, await asPublished(true), true),
    publishedTruePairs: await value(engine, all, await asPublished(false), false),
  };
}

/** Dimensions and correlations of the figure; beyond rho = 0.795 the variance of q, at least 1/e, is too large. */
export const dimensions = [5, 20, 40];
export const correlations = [0.3, 0.45, 0.6, 0.7, 0.78];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const engine = await cpuEngine({ threads: 2 });
  const results = [];
  for (const dimension of dimensions)
    for (const rho of correlations) {
      const result = await estimate(engine, { dimension, rho });
      results.push(result);
      const digits = Object.values(result).map((number) => number.toFixed(3));
      console.log(digits.join("  "));
    }
  const target = process.argv[2] ?? fileURLToPath(new URL("../docs/method/club.json", import.meta.url));
  const rounded = JSON.stringify(
    results,
    (_, x) => (typeof x === "number" ? Number(x.toPrecision(5)) : x),
    2,
  );
  writeFileSync(target, `${rounded}\n`);
}
