/** A file of published weights as a model: the network of ours that its tensors belong to, built with them. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  Graph,
  isOalError,
  oalError,
  readModel,
  sizeOf,
  writeModel,
  zeros,
  type ReadModel,
  type Value,
} from "oal-core";
import { z } from "zod";
import { EvaluationContext } from "../nn/context.js";
import { safetensorsShapes } from "../nn/safetensors.js";
import {
  fitWeights,
  readWeights,
  recogniseNetwork,
  weightNames,
  type RecognisedNetwork,
} from "../nn/weights.js";
import { readBeside } from "./beside.js";

/** Side of the pictures where neither the weights nor anyone else says it: that of ImageNet's networks. */
const usualSize = 224;

/** Whether a path is meant as a file of weights. */
export function isWeightsFile(path: string): boolean {
  return path.toLowerCase().endsWith(".safetensors");
}

/** Side of the pictures that weights were made for; undefined where any size goes. Only the head of the file is read. */
export function weightsPictureSize(path: string): number | undefined {
  return recogniseNetwork(safetensorsShapes(path))?.imageSize;
}

/**
 * Reads a .safetensors file as a classifier: `images` float32 ["batch", 3, S, S], normalised, in; `logits` and `features` out, features alone where the
 * weights have no last layer. Which network it is, is told by the names and shapes of its tensors.
 *
 * @param size side of the pictures; default that which the weights were made for, where they
 *   or config.json beside them tell, else 224. For another one the places of a vision transformer are interpolated
 * @throws OAL-D170 when no network has these tensors, OAL-D160 when they do not fit in full, and as `readWeights`
 */
export async function readWeightsModel(path: string, size?: number): Promise<ReadModel> {
  const tensors = await readWeights(path);
  const found = recogniseNetwork(tensors);
  if (!found) {
    const [...names] = tensors.keys();
    const told =
      names.length === 0
        ? "it has no tensors"
        : `${names.length} tensors, the first ${names.slice(0, 3).join(", ")}`;
    throw oalError("OAL-D170", { path, problem: told });
  }
  const { network, own } = found;
  const imageSize = size ?? found.imageSize ?? readBeside(path).preprocessing?.crop ?? usualSize;
  const options = { classes: Math.max(1, found.classes), imageSize, ...own, ...headsOf(found, path) };
  const hasHead = found.classes > 0;
  const { parameters, naming, newHead, resized } = ofItsSizes(path, () =>
    fitWeights(network, options, tensors, path, { newHead: !hasHead, otherSize: true }),
  );
  // A network is built with a last layer; where the weights have none it gets zeros, and is left out with all that reads it.
  for (const { name, shape } of weightNames(network, options))
    if (newHead.includes(name))
      parameters.set(name, { dtype: "float32", shape, data: zeros("float32", sizeOf(shape)) });
  const graph = new Graph();
  const images = graph.input("images", { dtype: "float32", shape: ["batch", 3, imageSize, imageSize] });
  const { logits, features } = network.build(new EvaluationContext(graph, parameters), images, options);
  if (hasHead) graph.output("logits", logits);
  graph.output("features", features);
  const changed =
    resized.length === 0
      ? ""
      : `, ${resized.join(", ")} of pictures of ${found.imageSize} pixels interpolated`;
  const producer = { name: `weights of ${network.title}, names of ${naming}${changed}`, version: "" };
  if (!hasHead) return { ...readModel(writeModel(graph)), producer };
  return {
    graph,
    values: valuesOf(graph),
    metadata: new Map(),
    opsets: new Map(),
    irVersion: 0,
    producer,
    opaque: [],
    dropouts: [],
  };
}

/** What a network says of sizes that it cannot have is said of the file, which has them. */
function ofItsSizes<T>(path: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!isOalError(error, "OAL-C208") && !isOalError(error, "OAL-G101")) throw error;
    throw oalError("OAL-D170", { path, problem: error.message }, error);
  }
}

const configSchema = z.looseObject({
  num_attention_heads: z.number().int().positive().optional(),
  num_heads: z.number().int().positive().optional(),
  model_args: z.looseObject({ num_heads: z.number().int().positive().optional() }).optional(),
});

/** The number of attention heads, which no shape tells: that of config.json beside the weights. */
function headsOf({ network, own }: RecognisedNetwork, path: string): { readonly heads?: number } {
  if (!("heads" in network.schema.shape)) return {};
  const file = join(dirname(path), "config.json");
  const config = existsSync(file)
    ? configSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data
    : undefined;
  const heads = config?.num_attention_heads ?? config?.num_heads ?? config?.model_args?.num_heads;
  if (heads !== undefined) return { heads };
  if ("heads" in own) return {};
  const problem =
    "the number of its attention heads stands in no shape, and num_attention_heads in no config.json beside it";
  throw oalError("OAL-D170", { path, problem });
}

/** Every value of a graph by its name. */
function valuesOf({ inputs, nodes }: Graph): ReadonlyMap<string, Value> {
  const values = [...inputs, ...nodes.flatMap((node) => [...node.inputs, ...node.outputs])];
  return new Map(values.flatMap((value) => (value ? [[value.name, value]] : [])));
}
