/** The optimisers by id. */
import { adam, adamW, type AdamOptions } from "./adam.js";
import type { Optimiser } from "./optimiser.js";
import { sgd, type SgdOptions } from "./sgd.js";

/** Ids of the optimisers. */
export const optimiserIds = ["sgd", "adam", "adamw"] as const;

/** The id of an optimiser. */
export type OptimiserId = (typeof optimiserIds)[number];

/** The optimiser of an id; options that it does not know are ignored. */
export function makeOptimiser(id: OptimiserId, options: SgdOptions & AdamOptions = {}): Optimiser {
  switch (id) {
    case "sgd":
      return sgd(options);
    case "adam":
      return adam(options);
    case "adamw":
      return adamW(options);
  }
}
