/** The registry of detectors, in the order of tables. A new detector is one file and one line here. */
import { oalError, suggest } from "../../errors/index.js";
import { Registry } from "../../registry.js";
import type { Detector } from "../detector.js";
import { adascaleA } from "./adascaleA.js";
import { adascaleL } from "./adascaleL.js";
import { ashB } from "./ashB.js";
import { ashP } from "./ashP.js";
import { ashS } from "./ashS.js";
import { confBranch } from "./confBranch.js";
import { combood } from "./combood.js";
import { dice } from "./dice.js";
import { ebo } from "./ebo.js";
import { entropy } from "./entropy.js";
import { fdbd } from "./fdbd.js";
import { gen } from "./gen.js";
import { godin } from "./godin.js";
import { gradnorm } from "./gradnorm.js";
import { gram } from "./gram.js";
import { iodin } from "./iodin.js";
import { klm } from "./klm.js";
import { knn } from "./knn.js";
import { mcm } from "./mcm.js";
import { mds } from "./mds.js";
import { mls } from "./mls.js";
import { msp } from "./msp.js";
import { nac } from "./nac.js";
import { nacLast } from "./nacLast.js";
import { nci } from "./nci.js";
import { neco } from "./neco.js";
import { nnguide } from "./nnguide.js";
import { odin } from "./odin.js";
import { openmax } from "./openmax.js";
import { rankfeat } from "./rankfeat.js";
import { react } from "./react.js";
import { reject } from "./reject.js";
import { rejectMsp } from "./rejectMsp.js";
import { relation } from "./relation.js";
import { residual } from "./residual.js";
import { rmds } from "./rmds.js";
import { rotpred } from "./rotpred.js";
import { scale } from "./scale.js";
import { she } from "./she.js";
import { tempScaling } from "./tempScaling.js";
import { vim } from "./vim.js";
import { vra } from "./vra.js";
import { weiperMsp } from "./weiperMsp.js";

const builtIn: readonly Detector[] = [
  msp,
  mls,
  ebo,
  knn,
  mcm,
  entropy,
  gen,
  tempScaling,
  klm,
  openmax,
  odin,
  iodin,
  mds,
  rmds,
  vim,
  residual,
  react,
  vra,
  ashB,
  ashP,
  ashS,
  scale,
  adascaleA,
  adascaleL,
  dice,
  she,
  gradnorm,
  gram,
  fdbd,
  nci,
  nnguide,
  relation,
  rankfeat,
  neco,
  weiperMsp,
  nac,
  nacLast,
  combood,
  confBranch,
  reject,
  rejectMsp,
  rotpred,
  godin,
];

/** Every detector oal knows; `register` adds one from outside. Unknown names: OAL-E201. */
export const detectors = new Registry<Detector>("detector", builtIn, {
  aliases: ({ aliases }) => aliases,
  unknown: (id, known) => oalError("OAL-E201", { id, near: suggest(id, known) }),
});

/**
 * What is computed where nobody asks for others: cheap ones that need little memory and few images.
 *
 * @example
 * const asked = defaultDetectors.map((id) => detectors.find(id));
 */
export const defaultDetectors: readonly string[] = ["msp", "mls", "ebo", "knn"];
