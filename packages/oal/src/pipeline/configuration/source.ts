/** What a user gives in place of a preset's name: a YAML or JSON file, read with care, since it may be anything. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { oalError, suggest } from "oal-core";
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { readJson, refuseOtherFormat, runFormat } from "../runFormat.js";
import { systemCode, systemProblem } from "../../runtime/systemError.js";
import type { Locate } from "./issues.js";
import { isRecord, type Tree } from "./merge.js";
import { presets } from "./presets.js";

/** A preset or file, parsed, with its lines. */
export interface Source {
  readonly tree: Tree;
  readonly locate: Locate;
}

/** Bytes; the whole commented configuration has 10 kB. */
const largest = 2 ** 20;

/** Endings of what goes behind `--data`. */
const dataEnding = /\.(tar|tar\.\w+|tgz|zip|rar|7z|gz|bin|npy|npz|jpe?g|png|webp|gif|tiff?|bmp|avif|heic)$/i;

/** OAL-C204 for a name that is neither a preset nor looks like a file. */
export function unknownPreset(name: string): Error {
  const known = [...presets.keys()];
  return oalError("OAL-C204", {
    kind: "preset or configuration file",
    name,
    near: suggest(name, known),
    known,
  });
}

/**
 * The settings of a preset or file.
 *
 * @param given a preset's name or a path, relative to `cwd`
 * @throws OAL-C203 when it cannot be read as a configuration, with a hint where it is data; OAL-C204 for an unknown name
 */
export function readSource(given: string, cwd: string): Source {
  if (presets.has(given)) return { tree: { preset: given }, locate: () => `preset ${given}` };
  if (given === "") throw unknownPreset(given);
  const path = resolve(cwd, given);
  if (isRunFolder(path)) return runSource(path, given);
  try {
    return parseSource(readText(path, given), given, dirname(path));
  } catch (error) {
    const looksLikeFile = /[/\\]|\.(ya?ml|json)$/i.test(given) || dataEnding.test(given);
    if (systemCode(error) === "ENOENT" && !looksLikeFile) throw unknownPreset(given);
    const problem = systemProblem(error);
    if (problem === undefined) throw error;
    throw refused(given, systemCode(error) === "ENOENT" ? "no such file" : problem, error);
  }
}

/** Whether a path is the folder of a run. */
export function isRunFolder(path: string): boolean {
  return existsSync(join(path, "run.json"));
}

const runSchema = z.object({
  format: z.literal(runFormat),
  current: z.object({ configuration: z.unknown() }),
});

/** The configuration that a run was last asked for with. @throws OAL-I104 for a run of another version, OAL-C203 for a damaged one */
function runSource(folder: string, given: string): Source {
  refuseOtherFormat(folder);
  const parsed = runSchema.safeParse(readJson(join(folder, "run.json")));
  const tree = parsed.data?.current.configuration;
  if (!isRecord(tree))
    throw refused(given, "its run.json is damaged; give the preset or file it was run with");
  return { tree, locate: () => `${given}/run.json` };
}

function refused(where: string, problem: string, cause?: unknown): Error {
  return oalError("OAL-C203", { where, problem }, cause);
}

/**
 * The text of a file that may be a folder, a pipe, a picture, an archive or without end.
 *
 * @param mayBeData whether images may have been meant, so that their option is worth naming
 */
function readText(path: string, given: string, mayBeData = true): string {
  const found = statSync(path);
  const hint = (what: string): string => (mayBeData ? `; for ${what} write --data ${given}` : "");
  if (found.isDirectory()) {
    throw refused(given, `is a folder${hint("a folder of images")}`);
  }
  if (dataEnding.test(given)) throw refused(given, `is no configuration${hint("images")}`);
  // a pipe may block and a device may never end
  if (!found.isFile()) throw refused(given, "is a pipe or a device, not a file");
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size > largest) {
      throw refused(given, `has ${size} bytes, too many for a configuration${hint("images")}`);
    }
    const bytes = readFileSync(file);
    if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
      throw refused(given, "is UTF-16 text; save it as UTF-8");
    }
    if (bytes.includes(0)) throw refused(given, `is no text${hint("images")}`);
    return bytes.toString("utf8");
  } finally {
    closeSync(file);
  }
}

/**
 * Any file of keys and values, YAML or JSON, read with the same care.
 *
 * @throws OAL-C203 when it is none
 */
export function readKeyFile(given: string, cwd: string): Source {
  const path = resolve(cwd, given);
  try {
    return parseKeys(readText(path, given, false), given);
  } catch (error) {
    const problem = systemProblem(error);
    if (problem === undefined) throw error;
    throw refused(given, systemCode(error) === "ENOENT" ? "no such file" : problem, error);
  }
}

function parseKeys(text: string, where: string): Source {
  const lines = new LineCounter();
  const { document, tree } = parsed(text, where, lines);
  if (!isRecord(tree)) throw refused(where, "must hold sections and keys, such as `seed: 1`");
  return { tree, locate: (path) => `${where}:${lineOf(document, lines, path)}` };
}

/** Parses a configuration file (JSON is YAML); a relative `data.source` in it is relative to the file's folder. */
function parseSource(text: string, where: string, folder: string): Source {
  const { tree, locate } = parseKeys(text, where);
  const data = tree["data"];
  if (isRecord(data) && typeof data["source"] === "string" && data["source"] !== "embedded") {
    data["source"] = resolve(folder, data["source"]);
  }
  const { plugins } = tree;
  if (Array.isArray(plugins)) tree["plugins"] = absolutePaths(plugins, folder);
  return { tree, locate };
}

/** Paths of a list made absolute; what is no path stays, to be refused later. */
export function absolutePaths(list: readonly unknown[], folder: string): readonly unknown[] {
  return list.map((path) => (typeof path === "string" && path !== "" ? resolve(folder, path) : path));
}

function parsed(text: string, where: string, lines: LineCounter): { document: Document; tree: unknown } {
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  } catch (error) {
    throw refused(where, reasonOf(error), error);
  }
  const [error] = document.errors;
  if (error !== undefined) {
    throw refused(`${where}:${lines.linePos(error.pos[0]).line}`, reasonOf(error), error);
  }
  try {
    return { document, tree: document.toJS() ?? {} };
  } catch (thrown) {
    // an alias without its anchor, or aliases of aliases that would become too much
    throw refused(where, reasonOf(thrown), thrown);
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (text.includes("call stack")) return "is nested too deeply";
  return text.split("\n")[0] ?? text;
}

/** The line of the key at `path`, or of the nearest section above that the file has. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let n = path.length; n > 0; n--) {
    const parent: unknown = n === 1 ? document.contents : document.getIn(path.slice(0, n - 1), true);
    const name = path[n - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === name);
      if (pair !== undefined && isScalar(pair.key) && pair.key.range)
        return lines.linePos(pair.key.range[0]).line;
    }
    const node: unknown = document.getIn(path.slice(0, n), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
