/** The diffusion samplers that exist. A new one is one file and one line here. */
import { Registry } from "oal-core";
import { ddim } from "./ddim.js";
import { dpmSolver2m } from "./dpmSolver2m.js";
import { plms } from "./plms.js";
import type { Sampler } from "./sampler.js";

/** All samplers by id. */
export const samplers = new Registry<Sampler>("sampler", [ddim, dpmSolver2m, plms]);
