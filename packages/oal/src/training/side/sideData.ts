/**
 * Side data: what a training reads beside its images and labels, under names that methods ask for. A tensor comes with every
 * batch; a network is evaluated inside the step.
 */
import type { Graph, Tensor, TensorType, Value } from "oal-core";

/** A tensor of every batch. */
export interface SideTensor {
  readonly name: string;
  /** Its type with the batch axis. */
  readonly type: TensorType;
  /**
   * The tensor of a step: a function of its arguments and the seed alone.
   *
   * @param indices the images of the step, as positions in their set
   */
  rows(step: number, indices: ArrayLike<number>): Tensor;
  /** Called once when the training ends or stops. */
  close?(): void;
}

/** Values computed in the graph of the step from pictures of it; nothing in them is trained. */
export interface SideNetwork {
  /** What it gives. */
  readonly names: readonly string[];
  /** The pictures it looks at: a name of side data, or null for the images of the batch. */
  readonly pictures: string | null;
  /** @param pictures float32 [N, 3, H, W], normalised as the student sees them */
  build(graph: Graph, pictures: Value): Readonly<Record<string, Value>>;
}

/** Either. */
export type SideData = SideTensor | SideNetwork;

/** The names that a piece of side data gives. */
export function namesOf(side: SideData): readonly string[] {
  return "names" in side ? side.names : [side.name];
}
