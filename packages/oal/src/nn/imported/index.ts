/** Networks that were read from a file. */
export {
  importedNetwork,
  cutAt,
  type HeadTensors,
  type ImportedNetwork,
  type ImportedParts,
  type ImportPlan,
  type NetworkSplit,
} from "./network.js";
export type { Anatomy, Cut } from "./anatomy.js";
