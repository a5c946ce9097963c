/** The recipes that students are trained with. Adding one: one file and one line here. */
import { Registry } from "oal-core";
import { ce } from "./ce.js";
import { cider } from "./cider.js";
import { confbranch } from "./confbranch.js";
import { fx } from "./fx.js";
import { godin } from "./godin.js";
import { head } from "./head.js";
import { kd } from "./kd.js";
import { logitnorm } from "./logitnorm.js";
import { logitnormPixmix } from "./logitnormPixmix.js";
import { npos } from "./npos.js";
import { oal } from "./oal.js";
import { pixmix } from "./pixmix.js";
import { regmixup } from "./regmixup.js";
import { rotpred } from "./rotpred.js";
import { rotpredPixmix } from "./rotpredPixmix.js";
import { t2fnorm } from "./t2fnorm.js";
import { vos } from "./vos.js";
import type { Recipe } from "./recipe.js";

/** Every recipe; of a run's students the one that comes last here decides. */
export const recipes = new Registry<Recipe>("recipe", [
  head,
  ce,
  kd,
  oal,
  fx,
  rotpred,
  logitnorm,
  t2fnorm,
  pixmix,
  rotpredPixmix,
  logitnormPixmix,
  regmixup,
  vos,
  npos,
  cider,
  godin,
  confbranch,
]);
