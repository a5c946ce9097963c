/** The optimisers. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { adam, adamW } from "./adam.js";
import type { OptimiserKind } from "./optimiser.js";
import { sgd } from "./sgd.js";

/** Every optimiser. */
export const optimisers = new Registry<OptimiserKind>("optimiser", [sgd, adam, adamW]);
