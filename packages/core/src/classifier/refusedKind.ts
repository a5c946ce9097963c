/** What a model is that is no classifier of pictures, in words. */
import type { ReadModel } from "../graph/onnx/read.js";
import type { Value } from "../graph/value.js";
import type { Tail } from "./tail.js";
import { typeOf } from "./walk.js";

/**
 * Says what a model is when it is not a classifier.
 *
 * @param tail the class scores that were found, if any
 * @returns a sentence's end, or null for what may be a classifier
 */
export function refusedKind({ graph }: ReadModel, tail: Tail | null = null): string | null {
  const outputs = [...graph.outputs];
  const list = outputs.map(([name, value]) => `${name} ${shapeOf(value)}`).join(", ");
  const suppresses = graph.nodes.some((node) =>
    /NonMaxSuppression|NMS|RoiAlign|DetectionOutput/i.test(typeOf(node)),
  );
  const hasBoxes = outputs.some(([name]) => /box|bbox|_loc$|landmark|anchor/i.test(name));
  if (suppresses || hasBoxes) return `it is a detection model: it puts out boxes (${list})`;
  if (tail) return null;
  for (const [name, value] of outputs) {
    const dims = value.knownType?.shape ?? [];
    const behind = dims.slice(1).filter((size) => size !== 1);
    const isPicture = dims.length === 4 && dims.slice(2).every((size) => size !== 1);
    if (isPicture && dims[1] === 3) return `it puts out pictures (${list}), no classes`;
    if (isPicture)
      return `it is a segmentation model or another that puts out maps: it says something of every pixel (${list})`;
    // Detectors of the YOLO family: four numbers of a box, and scores, of thousands of places.
    const places = behind.find((size) => typeof size === "number" && size > 500);
    if (behind.length === 2 && places !== undefined && /^output|^pred|^dets?|^\d+$/i.test(name))
      return `it is a detection model: it puts out something of ${places} places a picture (${list})`;
    if (behind.length > 1) return `it puts out several rows a picture (${list}), not one of classes`;
    if (dims.length > 0 && behind.length === 0)
      return `it puts out one number a picture (${list}), no classes`;
  }
  return outputs.length === 0 ? "it puts out nothing" : null;
}

function shapeOf(value: Value): string {
  return value.knownType ? `[${value.dims.join(", ")}]` : "of unknown shape";
}
