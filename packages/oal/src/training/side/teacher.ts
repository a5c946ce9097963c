/** A teacher inside the step: it sees the very pictures that the student sees. */
import {
  add,
  cast,
  clip,
  float32Tensor,
  mul,
  normaliseImages,
  preprocessInGraph,
  stopGradient,
  type Normalisation,
  type Value,
} from "oal-core";
import { EvaluationContext } from "../../nn/context.js";
import { withPrefix, type ParameterStore } from "../../nn/parameters.js";
import { buildForInference, type NetworkChoice } from "../network.js";
import type { SideNetwork } from "./sideData.js";

/** A trained network. */
export interface Teacher {
  readonly network: NetworkChoice;
  /** Under the network's own names. */
  readonly parameters: ParameterStore;
  /** How it wants pictures normalised. */
  readonly normalisation: Normalisation;
}

/** Pictures as the student sees them. */
export interface SeenPictures {
  /** What they are called (null: the images of the batch). */
  readonly pictures: string | null;
  readonly normalisation: Normalisation;
}

/**
 * Logits and features of a frozen teacher.
 *
 * @param names what they are called
 * @param seen what it looks at; pictures of another size or normalisation than its own are brought to these first
 */
export function teacherInside(
  { network, parameters, normalisation }: Teacher,
  names: { readonly logits: string; readonly features: string },
  seen: SeenPictures,
): SideNetwork {
  const renamed = withPrefix(parameters, "teacher");
  return {
    names: [names.logits, names.features],
    pictures: seen.pictures,
    build: (graph, images) => {
      const own = viewFor(images, seen.normalisation, normalisation, network.options.imageSize);
      const built = buildForInference(new EvaluationContext(graph, renamed, "teacher"), own, network);
      return { [names.logits]: stopGradient(built.logits), [names.features]: stopGradient(built.features) };
    },
  };
}

/** Normalised pictures of one network as another wants them: the pixels themselves, rounded, resized and normalised anew. */
function viewFor(images: Value, from: Normalisation, to: Normalisation, size: number): Value {
  const isSame = [0, 1, 2].every((c) => from.mean[c] === to.mean[c] && from.std[c] === to.std[c]);
  if (isSame && images.size(2) === size) return images;
  const { graph } = images;
  const channel = (of: (c: number) => number): Value =>
    graph.constant(float32Tensor([1, 3, 1, 1], [0, 1, 2].map(of)));
  const scaled = mul(
    images,
    channel((c) => 255 * (from.std[c] ?? 1)),
  );
  // a half is added because casting cuts
  const pixels = clip(
    add(
      scaled,
      channel((c) => 255 * (from.mean[c] ?? 0) + 0.5),
    ),
    0,
    255,
  );
  const shown = cast(pixels, "uint8");
  const resized = images.size(2) === size ? shown : preprocessInGraph(shown, { resize: size, crop: size });
  return normaliseImages(resized, to);
}
