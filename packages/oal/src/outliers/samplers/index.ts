/** The diffusion samplers that exist. A new one is one file and one line here. */
import { oalError, suggest } from "oal-core";
import { ddim } from "./ddim.js";
import { dpmSolver2m } from "./dpmSolver2m.js";
import type { Sampler } from "./sampler.js";

/** All samplers by id. */
export const samplers: readonly Sampler[] = [ddim, dpmSolver2m];

/**
 * The sampler of an id.
 *
 * @throws OAL-C202 for an unknown id, with the nearest known one
 */
export function samplerOf(id: string): Sampler {
  const found = samplers.find((sampler) => sampler.id === id);
  if (found) return found;
  const known = samplers.map((sampler) => sampler.id);
  const near = suggest(id, known);
  const problem =
    `unknown sampler "${id}"` + (near ? `, did you mean "${near}"?` : `, known are ${known.join(", ")}`);
  throw oalError("OAL-C202", { where: "diffusion sampling", at: "synthesis.sampler", problem });
}
