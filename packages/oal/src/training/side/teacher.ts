/** A teacher inside the step: it sees the very pictures that the student sees. */
import { stopGradient } from "oal-core";
import { EvaluationContext } from "../../nn/context.js";
import { withPrefix, type ParameterStore } from "../../nn/parameters.js";
import { buildForInference, type NetworkChoice } from "../network.js";
import type { SideNetwork } from "./sideData.js";

/** A trained network. */
export interface Teacher {
  readonly network: NetworkChoice;
  /** Under the network's own names. */
  readonly parameters: ParameterStore;
}

/**
 * Logits and features of a frozen teacher.
 *
 * @param names what they are called
 * @param pictures what it looks at (null: the images of the batch)
 */
export function teacherInside(
  { network, parameters }: Teacher,
  names: { readonly logits: string; readonly features: string },
  pictures: string | null = null,
): SideNetwork {
  const renamed = withPrefix(parameters, "teacher");
  return {
    names: [names.logits, names.features],
    pictures,
    build: (graph, images) => {
      const built = buildForInference(new EvaluationContext(graph, renamed, "teacher"), images, network);
      return { [names.logits]: stopGradient(built.logits), [names.features]: stopGradient(built.features) };
    },
  };
}
