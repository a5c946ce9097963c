/** Another form of a graph's pictures: other order of axes, other sizes, resized and cropped inside. */
import {
  apply,
  concat,
  gather,
  Graph,
  inline,
  operators,
  preprocessInGraph,
  transpose,
  type PreprocessSpec,
  type Value,
} from "oal-core";
import { preprocessFreely } from "./freeResizing.js";

/** What the graph is to take. */
export interface InputForm {
  readonly layout: "nchw" | "nhwc";
  /** Who resizes: whoever feeds the graph, the graph for pictures of one size, the graph for pictures of any size. */
  readonly resizing: "outside" | "fixed" | "free";
  /** Sides of the pictures; null where they are free. */
  readonly height: number | null;
  readonly width: number | null;
}

/**
 * A copy of a graph with one input "images" of another form; outputs keep their names.
 *
 * @param graph one input, uint8 [batch, 3, S, S]
 * @param spec how pictures become squares of S pixels; needed where the form resizes
 */
export function withInputForm(graph: Graph, form: InputForm, spec: PreprocessSpec): Graph {
  const { layout, resizing, height, width } = form;
  const made = new Graph();
  const sides = [height ?? "height", width ?? "width"] as const;
  const images = made.input("images", {
    dtype: "uint8",
    shape: layout === "nchw" ? ["batch", 3, ...sides] : ["batch", ...sides, 3],
  });
  for (const name of graph.outputs.keys()) made.reserveOutput(name);
  const planes =
    layout === "nchw" ? images : resizing === "free" ? planesOf(images) : transpose(images, [0, 3, 1, 2]);
  const square =
    resizing === "outside"
      ? planes
      : resizing === "fixed"
        ? preprocessInGraph(planes, spec)
        : preprocessFreely(planes, spec);
  return withSubstitutes(made, graph, new Map(graph.inputs.map((input) => [input, square])));
}

/**
 * [N, H, W, 3] as [N, 3, H, W], plane by plane. ONNX Runtime 1.30 moves a Transpose in front of a Resize of some axes behind it, and then
 * refuses the sizes, which no longer fit the axes.
 */
function planesOf(images: Value): Value {
  const axis = integers(images.graph, [1]);
  const planes = [0, 1, 2].map((colour) => {
    const index = images.graph.constant({
      dtype: "int64",
      shape: [],
      data: BigInt64Array.of(BigInt(colour)),
    });
    return apply(operators.Unsqueeze, [gather(images, index, 3), axis]);
  });
  return concat(planes, 1);
}

function integers(graph: Graph, values: readonly number[]): Value {
  return graph.constant({ dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) });
}

/** Copies a graph into one whose inputs are declared, and marks its outputs there. */
export function withSubstitutes(made: Graph, graph: Graph, substitutes: ReadonlyMap<Value, Value>): Graph {
  const copies = inline(made, graph, substitutes);
  for (const [name, value] of graph.outputs) {
    const copy = copies.get(value);
    if (copy) made.output(name, copy);
  }
  return made;
}
