/** From a command's arguments to a configuration and a run folder. */
import { basename, join } from "node:path";
import {
  isRunFolder,
  loadConfiguration,
  presets,
  type Configuration,
} from "../../pipeline/configuration/index.js";
import type { StageOptions } from "../options.js";

/**
 * The configuration that the arguments of a command describe.
 *
 * @param withStudents whether `--method` is one of its keys, which `--set methods=...` then goes before. Default false: the command
 *   trains what `--method` names, and the configuration stays what it is
 * @param spareSources whether keys may be of outlier sources that are not shown. Default false
 */
export function configure(
  given: string | undefined,
  options: StageOptions,
  {
    withStudents = false,
    spareSources = false,
  }: { readonly withStudents?: boolean; readonly spareSources?: boolean } = {},
): Configuration {
  const flags: { key: string; value: unknown; where: string }[] = [];
  if (withStudents && options.method !== undefined)
    flags.push({ key: "methods", value: [...new Set(options.method)], where: "--method" });
  if (options.detectors !== undefined)
    flags.push({ key: "evaluation.detectors", value: options.detectors, where: "--detectors" });
  if (options.seed !== undefined) flags.push({ key: "seed", value: options.seed, where: "--seed" });
  if (options.seeds !== undefined) flags.push({ key: "seeds", value: options.seeds, where: "--seeds" });
  if (options.studentSeeds !== undefined)
    flags.push({ key: "studentSeeds", value: options.studentSeeds, where: "--student-seeds" });
  if (options.threads !== undefined)
    flags.push({ key: "threads", value: options.threads, where: "--threads" });
  if (options.jobs !== undefined) flags.push({ key: "jobs", value: options.jobs, where: "--jobs" });
  if (options.device !== undefined) flags.push({ key: "device", value: options.device, where: "--device" });
  if (options.mode !== undefined) flags.push({ key: "mode", value: options.mode, where: "--mode" });
  if (options.skipBad !== undefined)
    flags.push({ key: "data.skipBad", value: options.skipBad, where: "--skip-bad" });
  if (options.allowFailedAudit === true)
    flags.push({ key: "audit.allowFailed", value: true, where: "--allow-failed-audit" });
  return loadConfiguration(given, {
    flags,
    ...(withStudents || options.method === undefined ? {} : { students: [...new Set(options.method)] }),
    ...(spareSources ? { spareSources } : {}),
    ...(options.init === undefined ? {} : { init: options.init }),
    ...(options.teacher === undefined ? {} : { teacher: options.teacher }),
    ...(options.set === undefined ? {} : { set: options.set }),
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.validation === undefined ? {} : { validation: options.validation }),
    ...(options.test === undefined ? {} : { test: options.test }),
    ...(options.ood === undefined ? {} : { ood: options.ood }),
  });
}

/** A configuration with the students of --method, where it was given. */
export function withMethods(config: Configuration, { method }: StageOptions): Configuration {
  return method === undefined ? config : { ...config, methods: [...new Set(method)] };
}

/** The run folder: --out, the folder itself where a run was given, or runs/ and the name of the preset, the file, or the data. */
export function runFolderOf(given: string | undefined, options: StageOptions): string {
  if (options.out !== undefined) return options.out;
  if (given !== undefined && isRunFolder(given)) return given;
  const source = given ?? options.data ?? "embedded";
  const name = presets.has(source)
    ? source
    : basename(source)
        .replace(/\.(ya?ml|json|tar|tar\.gz|tgz|zip)(#|$)/i, "$2")
        .replace("#", "-");
  return join("runs", name === "" || name === "." || name === ".." ? "folder" : name);
}
