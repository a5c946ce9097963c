/**
 * Modules of the user's own that add networks, methods, detectors and the like. A configuration names them (`plugins`); they are
 * loaded before it is checked, in every thread that needs them, and what they hold becomes part of the keys of what is made
 * with them.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import * as core from "oal-core";
import { describeValue, oalError, suggest } from "oal-core";
import { z } from "zod";
import { defineReader } from "../../data/readerRegistry.js";
import { defineNetwork } from "../../nn/networks/network.js";
import { defineOptimiser } from "../../nn/optimisers/optimiser.js";
import { defineSchedule } from "../../nn/schedules/schedule.js";
import { defineSampler } from "../../outliers/samplers/sampler.js";
import { defineExposure } from "../../training/exposures/exposure.js";
import { defineMethod } from "../../training/methods/method.js";
import { defineReportSection } from "../../report/sectionRegistry.js";
import { defineStage } from "../plan/stage.js";
import { defineSource } from "../../outliers/sources/source.js";
import * as nn from "../../nn.js";
import { loaded } from "./loaded.js";
import { addedKinds, isAddedKind, type Contributions } from "./kinds.js";

/** What a plugin that is a function is given, so that it need not find a package: graph functions, zod, and what makes entries. */
export const pluginTools = {
  graph: core,
  nn,
  z,
  defineNetwork,
  defineOptimiser,
  defineSchedule,
  defineSampler,
  defineExposure,
  defineMethod,
  defineSource,
  defineStage,
  defineDetector: core.defineDetector,
  defineMetric: core.defineMetric,
  defineReader,
  defineReportSection,
};

/**
 * Loads modules and registers what they add; a module that is loaded already is left as it is.
 *
 * A module's default export is what it adds (lists of networks, methods, ...), or a function that is given `pluginTools` and
 * returns that.
 *
 * @param paths absolute
 * @throws OAL-C209 for a module that cannot be loaded, adds what is none, or has changed since it was loaded; OAL-C205 for an
 *   id that is taken
 */
export function loadPlugins(paths: readonly string[]): void {
  for (const path of paths) {
    const refuse = (problem: string, cause?: unknown): never => {
      throw oalError("OAL-C209", { path, problem }, cause);
    };
    if (!existsSync(path)) refuse("there is no such file");
    const hash = hashOf(path, refuse);
    const known = loaded.get(path);
    if (known?.hash === hash) continue;
    if (known) refuse("it has changed since this process loaded it");
    const contributions = contributionsOf(moduleAt(path, refuse), refuse);
    const added = Object.entries(addedKinds).map(
      ([list, kind]) => [list, kind.add(contributions, hash)] as const,
    );
    loaded.set(path, { path, hash, added: Object.fromEntries(added) });
  }
}

type Refuse = (problem: string, cause?: unknown) => never;

function moduleAt(path: string, refuse: Refuse): unknown {
  try {
    const found: unknown = createRequire(import.meta.url)(path);
    const given: unknown =
      typeof found === "object" && found !== null ? Reflect.get(found, "default") : found;
    return typeof given === "function" ? given(pluginTools) : given;
  } catch (error) {
    if (core.isOalError(error)) throw error;
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
}

function contributionsOf(given: unknown, refuse: Refuse): Contributions {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return refuse(`its default export must be lists of what it adds, or a function that returns them`);
  const known = Object.keys(addedKinds);
  for (const [list, entries] of Object.entries(given)) {
    if (!isAddedKind(list)) {
      const near = suggest(list, known);
      return refuse(
        `"${list}" cannot be added` + (near ? `, did you mean "${near}"?` : `, only ${known.join(", ")}`),
      );
    }
    const fault = core.kinds.listOf(addedKinds[list].entry).fault(entries, list);
    if (fault) return refuse(`${fault.argument} must be ${fault.wanted}, not ${describeValue(fault.value)}`);
    const slip = misspelt(entries, addedKinds[list].keys());
    if (slip) return refuse(`${list}[${slip.place}] has "${slip.key}", did you mean "${slip.near}"?`);
  }
  return isChecked(given) ? given : {};
}

/** The first key of an entry that is none and looks like one: what is optional is not missed otherwise. */
function misspelt(
  entries: unknown,
  known: readonly string[],
): { readonly place: number; readonly key: string; readonly near: string } | undefined {
  const list: readonly unknown[] = Array.isArray(entries) ? entries : [];
  for (const [place, entry] of list.entries()) {
    if (typeof entry !== "object" || entry === null) continue;
    for (const key of Object.keys(entry)) {
      const near = known.includes(key) ? undefined : suggest(key, known);
      if (near !== undefined && !(near in entry)) return { place, key, near };
    }
  }
  return undefined;
}

/** Every list has been looked at. */
function isChecked(given: object): given is Contributions {
  return Object.keys(given).every(isAddedKind);
}

const relativeImport = /(?:from|import|require)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** The hash of a module and of everything that it imports by relative paths. */
function hashOf(path: string, refuse: Refuse): string {
  const hash = createHash("sha256");
  const seen = new Set<string>();
  const add = (file: string): void => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error), error);
    }
    hash.update(text);
    for (const [, imported = ""] of text.matchAll(relativeImport)) add(resolve(dirname(file), imported));
  };
  add(path);
  return hash.digest("hex");
}
