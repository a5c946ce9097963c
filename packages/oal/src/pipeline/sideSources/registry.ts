/** The registry of side data sources; built-in ones register themselves in index.ts. */
import { Registry } from "oal-core";
import type { SideSource } from "./source.js";

/** Every source; of two that give one name the first does. */
export const sideSources = new Registry<SideSource>("side data source");
