/**
 * OpenOOD image lists: lines of "relative/path label" under a root. The root may be a folder that holds the paths, an archive, or a folder
 * of archives whose members carry the paths; archives are searched in place, likeliest name first.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { archiveKind, hasArchiveName, openArchive } from "../archives/archiveKind.js";
import { type Container, fingerprintFile, folderContainer, stateOf } from "./container.js";
import type { OpenSource, Reader, SourceItem, SourceSpec } from "./reader.js";

interface ListLine {
  readonly path: string;
  readonly label: number;
  readonly line: number;
}

async function readList(list: string): Promise<ListLine[]> {
  if (!existsSync(list)) throw oalError("OAL-D101", { path: list });
  const lines: ListLine[] = [];
  const seen = new Set<string>();
  for (const [index, text] of (await readFile(list, "utf8")).split("\n").entries()) {
    const line = index + 1;
    if (text.trim() === "") continue;
    const match = /^(.*\S)\s+(\S+)\s*$/.exec(text);
    if (!match)
      throw oalError("OAL-D107", { list, line, problem: `"${text.trim()}" is not a path and a label` });
    const [, path = "", word = ""] = match;
    if (!/^-?\d+$/.test(word) || Number(word) < -1) {
      throw oalError("OAL-D107", { list, line, problem: `label "${word}" is not a class number or -1` });
    }
    if (path.startsWith("/") || path.split("/").includes("..")) {
      throw oalError("OAL-D107", { list, line, problem: `"${path}" leads out of the root` });
    }
    const plain = path.replace(/^(\.\/)+/, "");
    if (seen.has(plain)) throw oalError("OAL-D107", { list, line, problem: `"${plain}" comes twice` });
    seen.add(plain);
    lines.push({ path: plain, label: Number(word), line });
  }
  if (lines.length === 0) throw oalError("OAL-D103", { path: list, what: "the list is empty" });
  return lines;
}

/** Paths of the archives under the root, those whose names share most words with the first image's path first. */
async function archivesUnder(root: string, example: string): Promise<string[]> {
  if (!(await stat(root)).isDirectory()) return archiveKind(root) ? [root] : [];
  const words = new Set(example.toLowerCase().split(/[^a-z0-9]+/));
  const score = (path: string): number => {
    const own = path
      .toLowerCase()
      .replace(/^.*\/|\.(tar|tar\.gz|tgz|zip)$/g, "")
      .split(/[^a-z0-9]+/);
    return own.filter((word) => words.has(word)).length / own.length;
  };
  return (await folderContainer(root).list())
    .filter((m) => !m.isFolder && m.path.split("/").length <= 3 && hasArchiveName(m.path))
    .map((m) => m.path)
    .sort((a, b) => score(b) - score(a) || (a < b ? -1 : 1))
    .map((path) => join(root, path));
}

async function* contents(spec: SourceSpec, wanted: ReadonlySet<string>): ReturnType<Container["read"]> {
  const missing = new Set(wanted);
  const [example = ""] = missing;
  if (existsSync(join(spec.path, example))) {
    yield* folderContainer(spec.path).read(missing);
    return;
  }
  for (const path of await archivesUnder(spec.path, example)) {
    if (missing.size === 0) return;
    for await (const content of openArchive(path).read(new Set(missing))) {
      missing.delete(content.path);
      yield content;
    }
  }
  for (const path of missing) yield { path, problem: `not found under ${spec.path}` };
}

/** Class names: as given, else the folder of each label's images where that is one of its own, else the number. */
function classesOf(lines: readonly ListLine[], spec: SourceSpec, list: string): readonly string[] {
  if (spec.labels === "ood") return [];
  const without = lines.filter((l) => l.label < 0);
  const [first] = without;
  if (first) throw oalError("OAL-D141", { where: `${list}:${first.line}`, count: without.length });
  if (spec.classes) {
    const classes = spec.classes.length;
    const wrong = lines.find((l) => l.label >= classes);
    if (wrong)
      throw oalError("OAL-D108", { where: `${list}:${wrong.line}`, label: String(wrong.label), classes });
    return spec.classes;
  }
  const folders = new Map<number, Set<string>>();
  for (const { path, label } of lines) {
    folders.set(label, (folders.get(label) ?? new Set()).add(path.split("/").at(-2) ?? ""));
  }
  const count = Math.max(-1, ...folders.keys()) + 1;
  const names = Array.from({ length: count }, (_, label) => {
    const own = folders.get(label);
    if (!own) throw oalError("OAL-D104", { path: list, className: String(label) });
    return own.size === 1 ? [...own].join("") : "";
  });
  if (count === 1) throw oalError("OAL-D105", { path: list, className: names.join("") || "0" });
  return new Set(names).size === count && !names.includes("")
    ? names
    : names.map((_, label) => String(label));
}

async function openList(spec: SourceSpec): Promise<OpenSource> {
  const list = spec.list ?? "";
  const lines = await readList(list);
  const classNames = classesOf(lines, spec, list);
  const labels = Int32Array.from(lines, (l) => (spec.labels === "ood" ? -1 : l.label));
  const positions = new Map(lines.map((l, position) => [l.path, position]));
  return {
    ids: lines.map((l) => l.path),
    labels,
    classNames,
    async *read(wanted): AsyncIterable<SourceItem> {
      const paths = new Set([...wanted].sort((a, b) => a - b).map((position) => lines[position]?.path ?? ""));
      for await (const { path: id, ...rest } of contents(spec, paths)) {
        const position = positions.get(id) ?? -1;
        yield { position, id, label: labels[position] ?? -1, ...rest };
      }
    },
  };
}

/** Reader of image lists. */
export const imglist: Reader = {
  id: "imglist",
  title: "an OpenOOD image list over a folder or archives",
  matches: (spec) => Promise.resolve(spec.list !== undefined),
  splits: () => Promise.resolve([]),
  async fingerprint(spec) {
    const lines = await readList(spec.list ?? "");
    const hash = createHash("sha256").update(await fingerprintFile(spec.list ?? ""));
    const example = lines[0]?.path ?? "";
    if (existsSync(join(spec.path, example)))
      for (const { path } of lines) hash.update(await stateOf(spec.path, path));
    else for (const path of await archivesUnder(spec.path, example)) hash.update(await fingerprintFile(path));
    return hash.digest("hex");
  },
  open: openList,
};
