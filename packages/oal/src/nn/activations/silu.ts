import { silu as apply } from "oal-core";
import type { Activation } from "./activation.js";

/** x / (1 + exp(-x)). */
export const silu: Activation = {
  id: "silu",
  title: "SiLU (swish)",
  source: "Elfwing et al. 2018",
  apply,
};
