/** Detectors as graphs of their own, for scores of stored outputs. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { concat, gemm, Graph, type Tensor, type Value } from "../graph/index.js";
import { aTensor } from "../graph/tensor.js";
import type { Head, TapName } from "../classifier/taps.js";
import { aDetector, type Detector, type Fitted } from "./detector.js";
import type { FitHead } from "./fit.js";
import { fittedConstants, type SomeTaps } from "./inputs.js";

const staticSizes = kinds.fields({ rows: kinds.count, classes: kinds.count, featureSize: kinds.count });
const outputSizes = kinds.fields({ classes: kinds.count, featureSize: kinds.count });
const aFitHead = kinds.fields({ weight: aTensor, bias: aTensor });

/** The taps that are kept of every image; a detector of these alone needs no model to run. */
const storedTaps: readonly TapName[] = ["logits", "features", "head"];

/** Whether taps are among what is kept of every image. */
export function areStored(taps: readonly (TapName | "measured")[]): boolean {
  expectArguments("areStored", { taps: [taps, kinds.listOf(kinds.text)] });
  return taps.every((name) => name !== "measured" && storedTaps.includes(name));
}

/** Sizes of a graph over stored outputs. */
export interface StoredSizes {
  readonly rows: number;
  readonly classes: number;
  readonly featureSize: number;
}

/**
 * A graph of the detector alone: inputs among "logits" [rows, classes] and "features" [rows, featureSize] as needed, output
 * "confidence" [rows].
 *
 * @param sizes  the static sizes
 * @param head  the last layer as numbers, for detectors that need it
 * @throws OAL-E202 to OAL-E204, OAL-E241 as `Detector.score`; OAL-E242 for a bank that is too large for a graph
 */
export function detectorGraph(
  detector: Detector,
  sizes: StoredSizes,
  fitted: Fitted,
  parameters: Readonly<Record<string, unknown>> = {},
  head?: FitHead,
): Graph {
  expectArguments("detectorGraph", {
    detector: [detector, aDetector],
    sizes: [sizes, staticSizes],
    head: [head, kinds.optional(aFitHead)],
  });
  const graph = new Graph();
  const taps = storedInputs(graph, detector, sizes, head);
  graph.output("confidence", detector.score(graph, taps, fitted, parameters));
  return graph;
}

/** The graphs that compare stored outputs with a bank's blocks; how many images they take at once is open. */
export interface BankGraphs {
  /** Inputs as `detectorGraph`, and "rows", a block of the bank [block, width]; output "partial" [images, p]. */
  partial(block: number, width: number): Graph;
  /** Numbers p that a block of so many rows gives per image. */
  answerWidth(block: number, width: number): number;
  /** Inputs "first" [images, p1] and "second" [images, p2]; output "merged" [images, p]. */
  merge(first: number, second: number): Graph;
  /** Inputs as `detectorGraph`, and "compared" [images, p]; output "confidence" [images]. */
  score(compared: number): Graph;
}

/** The open axis of the images that a bank is compared with. */
const anyImages = "images";

/**
 * The graphs of a detector with a bank, for banks that are read block by block: blocks are fed, so that a graph is prepared once
 * whatever the bank holds. The same formulas as inside one graph, where an engine may sum constants in another order.
 *
 * @throws OAL-E203 for a detector without a bank
 */
export function bankGraphs(
  detector: Detector,
  outputs: Omit<StoredSizes, "rows">,
  tensors: Readonly<Record<string, Tensor>>,
  parameters: Readonly<Record<string, unknown>> = {},
  head?: FitHead,
): BankGraphs {
  expectArguments("bankGraphs", {
    detector: [detector, aDetector],
    outputs: [outputs, outputSizes],
    tensors: [tensors, kinds.record],
    parameters: [parameters, kinds.record],
    head: [head, kinds.optional(aFitHead)],
  });
  const { bank } = detector;
  const sizes = { ...outputs, rows: anyImages };
  if (!bank) throw oalError("OAL-E203", { detector: detector.id, needs: "a bank" });
  const build = (body: (graph: Graph) => readonly [string, Value]): Graph => {
    const graph = new Graph();
    graph.output(...body(graph));
    return graph;
  };
  const partial = (graph: Graph, taps: SomeTaps, rows: Value): Value =>
    bank.partial(graph, taps, fittedConstants(graph, detector.id, tensors), rows, parameters);
  const rowsOf = (graph: Graph, name: string, count: number | string, width: number): Value =>
    graph.input(name, { dtype: "float32", shape: [count, width] });
  const partialGraph = (block: number, width: number): Graph =>
    build((graph) => {
      const taps = storedInputs(graph, detector, sizes, head);
      return ["partial", partial(graph, taps, rowsOf(graph, "rows", block, width))];
    });
  return {
    partial: partialGraph,
    answerWidth: (block, width) => partialGraph(block, width).outputs.get("partial")?.size(1) ?? 0,
    merge: (first, second) =>
      build((graph) => {
        const parts = [rowsOf(graph, "first", anyImages, first), rowsOf(graph, "second", anyImages, second)];
        return ["merged", bank.merge(graph, concat(parts, 1), parameters)];
      }),
    score: (compared) =>
      build((graph) => {
        const taps = storedInputs(graph, detector, sizes, head);
        const answer = rowsOf(graph, "compared", anyImages, compared);
        return [
          "confidence",
          bank.score(graph, taps, fittedConstants(graph, detector.id, tensors), answer, parameters),
        ];
      }),
  };
}

/** Inputs for the stored outputs that a detector needs. */
function storedInputs(
  graph: Graph,
  { needs }: Detector,
  { rows, classes, featureSize }: Omit<StoredSizes, "rows"> & { readonly rows: number | string },
  head: FitHead | undefined,
): SomeTaps {
  const input = (name: TapName, width: number): Value | undefined =>
    needs.includes(name) ? graph.input(name, { dtype: "float32", shape: [rows, width] }) : undefined;
  return {
    logits: input("logits", classes),
    features: input("features", featureSize),
    head: head && needs.includes("head") ? headOf(graph, head) : undefined,
  };
}

/** A last layer of constants. */
function headOf(graph: Graph, numbers: FitHead): Head {
  const weight = graph.constant(numbers.weight, "head.weight");
  const bias = graph.constant(numbers.bias, "head.bias");
  return { weight, bias, apply: (features) => gemm(features, weight, bias, { transB: true }) };
}
