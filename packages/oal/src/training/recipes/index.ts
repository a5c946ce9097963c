/** The recipes that students are trained with. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { ce } from "./ce.js";
import { confbranch } from "./confbranch.js";
import { fx } from "./fx.js";
import { head } from "./head.js";
import { kd } from "./kd.js";
import { oal } from "./oal.js";
import type { Recipe } from "./recipe.js";

/** Every recipe; of a run's students the one that comes last here decides. */
export const recipes = new Registry<Recipe>("recipe", [head, ce, kd, oal, fx, confbranch]);
