/** Weights that PyTorch programs published, into networks of ours: which name is which, and what does not match. */
import { open } from "node:fs/promises";
import {
  expectArguments,
  float32Tensor,
  Graph,
  kinds,
  oalError,
  suggest,
  toNumbers,
  type Tensor,
} from "oal-core";
import { TrainingContext } from "./context.js";
import { networks } from "./networks/index.js";
import type { Network, NetworkOptions, RecognisedOptions } from "./networks/network.js";
import type { ParameterSpec, ParameterStore } from "./parameters.js";
import { readSafetensors } from "./safetensors.js";

/** What was read of a file of weights. */
export interface LoadedWeights {
  /** Parameters and buffers as float32, by the network's own names. */
  readonly parameters: ParameterStore;
  /** Whose names the file has: "timm", "torchvision", ... */
  readonly naming: string;
  /** What stood in front of every name and was taken off: "module." of a model wrapped for several devices. "" for nothing. */
  readonly prefix: string;
  /** Names in the file that carry no weights: BatchNorm's counters of batches. */
  readonly counters: readonly string[];
  /** Tensors of the last layer that the file has in another shape, where that was allowed: they are not in `parameters`. */
  readonly newHead: readonly string[];
  /** Tensors that were made for pictures of this size of those in the file. */
  readonly resized: readonly string[];
}

/** How strictly a file has to fit. */
export interface LoadWeightsOptions {
  /** Whether a last layer for another number of classes is left out instead of refused. Default false. */
  readonly newHead?: boolean;
  /** Whether the file may be of a network for pictures of another size, where the network knows how to change it. Default false. */
  readonly otherSize?: boolean;
}

/** Words that programs put in front of all names; any number of them, one behind the other. */
const wrappers = ["module", "model", "_orig_mod", "net", "network", "backbone"];

/** BatchNorm's count of batches, an integer that nothing computes with. */
const counter = "num_batches_tracked";

/** What a network declares, by its own names, in the order of declaration. Nothing is computed. */
function declarations(network: Network, options: NetworkOptions): readonly ParameterSpec[] {
  const graph = new Graph();
  const { imageSize } = options;
  const images = graph.input("images", { dtype: "float32", shape: [2, 3, imageSize, imageSize] });
  const context = new TrainingContext(graph);
  network.build(context, images, options);
  return context.specs;
}

/**
 * Names and shapes of all tensors that a PyTorch file of this network has, in PyTorch's order of declaration: parameters and
 * buffers, and the integer counter of every BatchNorm, of shape [].
 *
 * @param naming whose names: the network's own ("torchvision", "timm", "OpenOOD") or another it knows; default its own
 * @throws OAL-C204 for a naming that the network does not have
 */
export function weightNames(
  network: Network,
  options: NetworkOptions,
  naming?: string,
): { readonly name: string; readonly shape: readonly number[] }[] {
  expectArguments("weightNames", {
    network: [network, aNetwork],
    options: [options, kinds.record],
    naming: [naming, kinds.optional(kinds.name)],
  });
  const all = namingsOf(network);
  const id = naming ?? all[0]?.id;
  const chosen = all.find((each) => each.id === id);
  if (!chosen) {
    const known = all.map((each) => each.id);
    const name = naming ?? "";
    throw oalError("OAL-C204", { kind: `naming of ${network.id}`, name, near: suggest(name, known), known });
  }
  return declarations(network, options).flatMap(({ name, shape }) => {
    const own = { name: chosen.nameOf(name), shape };
    return name.endsWith(".running_var")
      ? [own, { name: chosen.nameOf(name.replace(/running_var$/, counter)), shape: [] }]
      : [own];
  });
}

/**
 * Reads published weights into a network: a .safetensors file with the names of torchvision, timm or OpenOOD, of element type F32,
 * F16, BF16 or F64, also behind `module.` and the like.
 *
 * @param network as `networks.find("resnet18")` gives it
 * @param options its sizes and options, those of the file
 * @param path the file
 * @throws OAL-D160 with every name that is missing, unexpected or of another shape; OAL-D161 for a file of another format;
 *   OAL-I103 for a damaged file; OAL-I112 when it cannot be opened
 * @example const { parameters } = await loadWeights(networks.find("vitBase16"), { classes: 1000, imageSize: 224 }, "vit.safetensors")
 */
export async function loadWeights(
  network: Network,
  options: NetworkOptions,
  path: string,
  { newHead = false, otherSize = false }: LoadWeightsOptions = {},
): Promise<LoadedWeights> {
  expectArguments("loadWeights", {
    network: [network, aNetwork],
    options: [options, kinds.record],
    path: [path, kinds.name],
    newHead: [newHead, kinds.boolean],
    otherSize: [otherSize, kinds.boolean],
  });
  return fitWeights(network, options, await readWeights(path), path, { newHead, otherSize });
}

/**
 * The tensors of a file of weights, as they are in it.
 *
 * @throws OAL-D161 for a file of another format; OAL-I103 for a damaged file; OAL-I112 when it cannot be opened
 */
export async function readWeights(path: string): Promise<ReadonlyMap<string, Tensor>> {
  await refuseOtherFormats(path);
  return (await readSafetensors(path)).tensors;
}

/** What {@link loadWeights} does with the tensors of a file. */
export function fitWeights(
  network: Network,
  options: NetworkOptions,
  tensors: ReadonlyMap<string, Tensor>,
  path: string,
  { newHead = false, otherSize = false }: LoadWeightsOptions = {},
): LoadedWeights {
  const { prefix, stripped } = withoutPrefix(tensors);
  const wanted = declarations(network, options);
  const { naming, matched } = bestNaming(network, wanted, stripped);
  const head = newHead ? headNames(network, options) : new Set<string>();

  const parameters: ParameterStore = new Map();
  const used = new Set<string>();
  const left: string[] = [];
  const resized: string[] = [];
  const [missing, misShaped]: [string[], string[]] = [[], []];
  for (const { name, shape } of wanted) {
    const theirs = matched.get(name) ?? name;
    const tensor = stripped.get(theirs);
    used.add(theirs);
    if (!tensor) {
      if (head.has(name)) left.push(name);
      else missing.push(prefix + theirs);
      continue;
    }
    const isFloat = tensor.dtype === "float32" || tensor.dtype === "float64";
    if (isFloat && tensor.shape.join() === shape.join())
      parameters.set(name, tensor.dtype === "float32" ? tensor : float32Tensor(shape, toNumbers(tensor)));
    else if (head.has(name)) left.push(name);
    else {
      const changed = otherSize && isFloat ? network.forOtherSize?.(name, tensor, shape) : undefined;
      if (changed?.shape.join() === shape.join()) {
        parameters.set(name, changed);
        resized.push(name);
        continue;
      }
      misShaped.push(
        `${prefix}${theirs}: ${describe(tensor, isFloat)}, the network has [${shape.join(", ")}]`,
      );
    }
  }
  const statistics = new Set([...used].filter((name) => name.endsWith(".running_var")));
  const rest = [...stripped.keys()].filter((name) => !used.has(name));
  const isCounter = (name: string): boolean =>
    name.endsWith(`.${counter}`) && statistics.has(name.replace(/num_batches_tracked$/, "running_var"));
  const unexpected = rest.filter((name) => !isCounter(name)).map((name) => prefix + name);
  if (missing.length + unexpected.length + misShaped.length > 0)
    throw oalError("OAL-D160", {
      path,
      network: describeNetwork(network, options),
      missing,
      unexpected,
      misShaped,
    });
  const counters = rest.map((name) => prefix + name);
  return { parameters, naming, prefix, counters, newHead: left, resized };
}

function describe({ dtype, shape }: Tensor, isFloat: boolean): string {
  return `[${shape.join(", ")}]${isFloat ? "" : ` of ${dtype}`} in the file`;
}

function describeNetwork({ id }: Network, { classes, imageSize, ...own }: NetworkOptions): string {
  const options = Object.entries(own).map(([name, value]) => `, ${name} ${JSON.stringify(value)}`);
  return `${id} (${classes} classes, pictures of ${imageSize} pixels${options.join("")})`;
}

/** The network's own names and the others it knows. */
function namingsOf({ naming = "oal", otherNamings = [] }: Network): NonNullable<Network["otherNamings"]> {
  return [{ id: naming, nameOf: (name) => name }, ...otherNamings];
}

/** The naming under which most of the network's tensors are in the file; the network's own where none is better. */
function bestNaming(
  network: Network,
  wanted: readonly ParameterSpec[],
  tensors: ReadonlyMap<string, Tensor>,
): { readonly naming: string; readonly matched: ReadonlyMap<string, string> } {
  let best = { naming: "", matched: new Map<string, string>(), found: -1 };
  for (const each of namingsOf(network)) {
    const matched = new Map(wanted.map(({ name }) => [name, each.nameOf(name)]));
    const found = [...matched.values()].filter((name) => tensors.has(name)).length;
    if (found > best.found) best = { naming: each.id, matched, found };
  }
  return best;
}

/** The tensors without the words that stand in front of all their names. */
function withoutPrefix<T>(tensors: ReadonlyMap<string, T>): {
  readonly prefix: string;
  readonly stripped: ReadonlyMap<string, T>;
} {
  let prefix = "";
  const names = [...tensors.keys()];
  for (;;) {
    const word = wrappers.find((each) => names.every((name) => name.startsWith(`${prefix}${each}.`)));
    if (word === undefined || names.length === 0) break;
    prefix += `${word}.`;
  }
  return {
    prefix,
    stripped: new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor])),
  };
}

/** A network that weights belong to, as far as their shapes tell. */
export interface RecognisedNetwork extends RecognisedOptions {
  readonly network: Network;
}

/**
 * Finds the network that tensors belong to, by their names and shapes; of several that have such tensors under some options the one
 * whose own sizes they are.
 *
 * @returns undefined where no network has them
 */
export function recogniseNetwork(
  tensors: ReadonlyMap<string, Pick<Tensor, "shape">>,
): RecognisedNetwork | undefined {
  const { stripped } = withoutPrefix(tensors);
  const found = networks.all.flatMap((network) =>
    namingsOf(network).flatMap((naming) => {
      const known = network.recognise?.((name) => stripped.get(naming.nameOf(name))?.shape);
      return known ? [{ network, ...known }] : [];
    }),
  );
  const unusual = ({ network: { schema }, own }: RecognisedNetwork): number => {
    const usual = schema.safeParse({}).data ?? {};
    return Object.entries(own).filter(([key, value]) => JSON.stringify(usual[key]) !== JSON.stringify(value))
      .length;
  };
  return found.sort((a, b) => unusual(a) - unusual(b))[0];
}

/** The tensors whose shape follows the number of classes. */
function headNames(network: Network, options: NetworkOptions): Set<string> {
  const other = declarations(network, { ...options, classes: options.classes + 1 });
  const shapes = new Map(other.map(({ name, shape }) => [name, shape.join()]));
  const own = declarations(network, options).filter(({ name, shape }) => shapes.get(name) !== shape.join());
  return new Set(own.map(({ name }) => name));
}

/** What files begin with that are often given instead, and what they are. */
const otherFormats: readonly (readonly [readonly number[], string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], "a PyTorch pickle (.pth, .pt or .bin, a zip archive)"],
  [[0x80, 0x02], "a PyTorch pickle (.pth or .bin of the old form)"],
  [[0x89, 0x48, 0x44, 0x46], "an HDF5 file (.h5)"],
];

/** @throws OAL-D161 for a file that begins as one of another format; what is not there is told by the reader */
async function refuseOtherFormats(path: string): Promise<void> {
  const first = await firstBytes(path, 4);
  const found = otherFormats.find(([start]) => start.every((byte, place) => first[place] === byte));
  if (!found) return;
  const stem = path.replace(/\.\w+$/, "");
  const target = `${stem}${path === `${stem}.safetensors` ? "-converted" : ""}.safetensors`;
  throw oalError("OAL-D161", { path, what: found[1], target });
}

async function firstBytes(path: string, count: number): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(count), 0, count, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return new Uint8Array();
  }
}

const aNetwork = kinds.fields({
  id: kinds.name,
  schema: kinds.record,
  build: kinds.callback,
  featureDim: kinds.callback,
});
