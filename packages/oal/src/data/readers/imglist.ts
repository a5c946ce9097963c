/**
 * OpenOOD image lists: lines of "relative/path label" under a root. The root may be a folder that holds the paths, an archive, or a folder
 * of archives whose members carry the paths; archives are searched in place, likeliest name first.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { oalError, type OalError } from "oal-core";
import { openArchive } from "../archives/archiveKind.js";
import { foreignLabel } from "../labels.js";
import { folderContainer, problemOf, readRegularFile, stateOf } from "../pictures/folderWalk.js";
import { textOfName } from "../pictures/rawName.js";
import type { Container } from "./container.js";
import { fingerprintFile } from "./fingerprint.js";
import { archivesUnder, liesInFolder } from "./listRoot.js";
import type { OpenSource, Reader, SourceItem, SourceSpec } from "./reader.js";

interface ListLine {
  readonly path: string;
  readonly label: number;
  readonly line: number;
}

interface ListContent {
  readonly lines: readonly ListLine[];
  /** Lines that are none, OAL-D107 each. */
  readonly problems: readonly OalError[];
}

/** Bad lines that are told one by one. */
const toldLines = 20;

/** Largest class number: of every class below it there is a name, a row and a count, in every table of the program. */
const largestClass = 999_999;

async function readList({ list = "", labels }: SourceSpec): Promise<ListContent> {
  if (!existsSync(list)) throw oalError("OAL-D101", { path: list });
  const lines: ListLine[] = [];
  const problems: OalError[] = [];
  const seen = new Set<string>();
  for (const [index, text] of (await textOf(list)).split("\n").entries()) {
    const line = index + 1;
    if (text.trim() === "") continue;
    const found = parseLine(text, seen, labels === "ood" ? Infinity : largestClass);
    if (typeof found !== "string") lines.push({ ...found, line });
    else if (problems.length < toldLines) problems.push(oalError("OAL-D107", { list, line, problem: found }));
  }
  if (lines.length === 0 && problems.length === 0)
    throw oalError("OAL-D103", { path: list, what: "the list is empty" });
  return { lines, problems };
}

/** The list as text; a byte that is no UTF-8 is written \\xHH, as in names of files. */
async function textOf(list: string): Promise<string> {
  try {
    return textOfName(await readRegularFile(list)).replace(/^\ufeff/, "");
  } catch (error) {
    throw oalError(
      "OAL-D106",
      { path: list, problem: `the list cannot be read: ${problemOf(error)}` },
      error,
    );
  }
}

/** Path and label of a line, or what is wrong with it. */
function parseLine(text: string, seen: Set<string>, largest: number): Omit<ListLine, "line"> | string {
  const match = /^(.*\S)\s+(\S+)\s*$/.exec(text);
  if (!match) return `"${text.trim()}" is not a path and a label`;
  const [, path = "", word = ""] = match;
  if (!/^-?\d+$/.test(word) || Number(word) < -1) return `label "${word}" is not a class number or -1`;
  if (Number(word) > largest)
    return `label "${word}" is too large: classes are numbered from 0 to ${largest}`;
  if (path.startsWith("/") || path.split("/").includes("..")) return `"${path}" leads out of the root`;
  const plain = path.replace(/^(\.\/)+/, "");
  if (seen.has(plain)) return `"${plain}" comes twice`;
  seen.add(plain);
  return { path: plain, label: Number(word) };
}

async function* contents(
  spec: SourceSpec,
  wanted: ReadonlySet<string>,
  isInFolder: boolean,
): ReturnType<Container["read"]> {
  const missing = new Set(wanted);
  const [example = ""] = missing;
  if (isInFolder) {
    yield* folderContainer(spec.path).read(missing);
    return;
  }
  for (const path of await archivesUnder(spec.path, example)) {
    if (missing.size === 0) return;
    for await (const content of openArchive(path).read(new Set(missing))) {
      missing.delete(content.path);
      yield "problem" in content ? { ...content, problem: `${content.problem} (in ${path})` } : content;
    }
  }
  for (const path of missing) yield { path, problem: `not found under ${spec.path}` };
}

/** Class names: as given, else the folder of each label's images where that is one of its own, else the number. */
function classesOf(lines: readonly ListLine[], spec: SourceSpec): readonly string[] {
  if (spec.labels === "ood") return [];
  if (spec.classes) return spec.classes;
  const folders = new Map<number, Set<string>>();
  for (const { path, label } of lines) {
    if (label >= 0) folders.set(label, (folders.get(label) ?? new Set()).add(path.split("/").at(-2) ?? ""));
  }
  let count = 0;
  for (const label of folders.keys()) count = Math.max(count, label + 1);
  const names = Array.from({ length: count }, (_, label) => {
    const own = folders.get(label);
    return own?.size === 1 ? [...own].join("") : "";
  });
  return new Set(names).size === count && !names.includes("")
    ? names
    : names.map((_, label) => String(label));
}

/** Labels that no class has, with the line of the first. */
function labelProblems(
  lines: readonly ListLine[],
  { list, labels }: SourceSpec,
  classes: number,
): OalError[] {
  if (labels === "ood") return [];
  const problem = foreignLabel(
    lines.map((l) => l.label),
    classes,
    (i) => `${list}:${lines[i]?.line}`,
  );
  return problem ? [problem] : [];
}

async function openList(spec: SourceSpec): Promise<OpenSource> {
  const { lines, problems } = await readList(spec);
  const classNames = classesOf(lines, spec);
  const labels = Int32Array.from(lines, (l) => (spec.labels === "ood" ? -1 : l.label));
  const positions = new Map(lines.map((l, position) => [l.path, position]));
  let isInFolder: boolean | undefined;
  return {
    ids: lines.map((l) => l.path),
    labels,
    classNames,
    problems: [...problems, ...labelProblems(lines, spec, classNames.length)],
    async *read(wanted): AsyncIterable<SourceItem> {
      const paths = new Set([...wanted].sort((a, b) => a - b).map((position) => lines[position]?.path ?? ""));
      // the whole list tells, once: what is wanted now may be the very images that are missing
      isInFolder ??= liesInFolder(spec.path, positions.keys());
      for await (const { path: id, ...rest } of contents(spec, paths, isInFolder)) {
        const position = positions.get(id) ?? -1;
        yield { position, id, label: labels[position] ?? -1, ...rest };
      }
    },
  };
}

/** Reader of image lists. */
export const imglist: Reader = {
  id: "imglist",
  orientation: "ignore",
  title: "an OpenOOD image list over a folder or archives",
  matches: (spec) => Promise.resolve(spec.list !== undefined),
  splits: () => Promise.resolve([]),
  async fingerprint(spec) {
    const { lines } = await readList(spec);
    const hash = createHash("sha256").update(await fingerprintFile(spec.list ?? ""));
    const example = lines[0]?.path ?? "";
    const paths = lines.map(({ path }) => path);
    if (liesInFolder(spec.path, paths)) for (const path of paths) hash.update(await stateOf(spec.path, path));
    else for (const path of await archivesUnder(spec.path, example)) hash.update(await fingerprintFile(path));
    return hash.digest("hex");
  },
  open: openList,
};
