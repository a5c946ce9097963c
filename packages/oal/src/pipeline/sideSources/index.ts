/** Where side data come from. Adding a source: one file and one line here. */
import { Registry } from "oal-core";
import { outlierEmbeddingsSource, outlierLatentsSource } from "./outlierRows.js";
import { outliersSource } from "./outliers.js";
import type { SideSource } from "./source.js";
import { teacherSource } from "./teacher.js";

/** Every source; of two that give one name the first does. */
export const sideSources = new Registry<SideSource>("side data source", [
  teacherSource,
  outlierEmbeddingsSource,
  outlierLatentsSource,
  outliersSource,
]);
