/** The registry of detectors, in the order of tables. A new detector is one file and one line here. */
import { oalError, suggest } from "../../errors/index.js";
import { Registry } from "../../registry.js";
import type { Detector } from "../detector.js";
import { ebo } from "./ebo.js";
import { knn } from "./knn.js";
import { mls } from "./mls.js";
import { msp } from "./msp.js";

/** Every detector oal knows; `register` adds one from outside. Unknown names: OAL-E201. */
export const detectors = new Registry<Detector>("detector", [msp, mls, ebo, knn], {
  aliases: ({ aliases }) => aliases,
  unknown: (id, known) => oalError("OAL-E201", { id, near: suggest(id, known) }),
});
