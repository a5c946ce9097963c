import { relu as apply } from "oal-core";
import type { Activation } from "./activation.js";

/** max(0, x). */
export const relu: Activation = { id: "relu", title: "ReLU", source: "Nair and Hinton 2010", apply };
