import { gelu as apply } from "oal-core";
import type { Activation } from "./activation.js";

/** x Φ(x), Φ the normal distribution function. */
export const gelu: Activation = { id: "gelu", title: "GELU", source: "Hendrycks and Gimpel 2016", apply };
