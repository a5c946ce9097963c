/** The activations that layers may take by name. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import type { Activation } from "./activation.js";
import { gelu } from "./gelu.js";
import { relu } from "./relu.js";
import { silu } from "./silu.js";

/** Every activation. */
export const activations = new Registry<Activation>("activation", [relu, gelu, silu]);
