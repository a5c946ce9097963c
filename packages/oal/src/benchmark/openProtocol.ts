/** Protocols by name or file, and the root that their sets lie below. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { oalError, suggest } from "oal-core";
import type { SourceSpec } from "../data/readers/reader.js";
import { parseSourceText, writtenSource } from "../data/sourceText.js";
import { parseKeyFile, withRemedy } from "./keyFile.js";
import { isKnown, protocolFileSchema, protocolOfFile, type Protocol, type ProtocolSet } from "./protocol.js";
import { protocols } from "./protocols/index.js";

/** A protocol with the folder its sets are looked for in. */
export interface OpenedProtocol {
  readonly protocol: Protocol;
  /** Absolute. */
  readonly root: string;
}

/**
 * A protocol by the name it is listed under, or from a YAML or JSON file.
 *
 * @param given  name or path
 * @param root  the folder that holds the data; default: "data" for a listed protocol where that is there, otherwise the folder of the
 *   protocol's file or the current one
 * @throws OAL-C310 for a name that is not known, OAL-C201 to OAL-C203 for a file that describes none, OAL-D101, OAL-D106 for a root that is no
 *   folder
 */
export function openProtocol(given: string, root?: string): OpenedProtocol {
  const listed = protocols.find(({ id }) => id === given);
  if (!listed && !looksLikeFile(given)) {
    const known = protocols.map(({ id }) => id);
    throw oalError("OAL-C310", { name: given, near: nearest(given, known), known });
  }
  const protocol = listed ?? readProtocol(given);
  const folder = root ?? (listed ? (existsSync("data") ? "data" : ".") : dirname(given));
  if (!existsSync(folder)) throw oalError("OAL-D101", { path: folder });
  if (!statSync(folder).isDirectory())
    throw oalError("OAL-D106", { path: folder, problem: "the root of a protocol is a folder" });
  const found = rootOf(protocol, resolve(folder));
  return { protocol: { ...protocol, sets: protocol.sets.map((set) => withPart(set, found)) }, root: found };
}

/** A set with the part that its path names taken off, unless something of that whole name is there. */
function withPart(set: ProtocolSet, root: string): ProtocolSet {
  return set.list === undefined && set.split === undefined
    ? { ...set, ...writtenSource(set.path, root) }
    : set;
}

/** By the whole name, or by its part behind the slash: "cifar10" is near "openood-v1.5/cifar10". */
function nearest(name: string, known: readonly string[]): string | undefined {
  return suggest(name, known) ?? known.find((each) => each.slice(each.indexOf("/") + 1) === name);
}

function looksLikeFile(given: string): boolean {
  return /\.(ya?ml|json)$/i.test(given) || existsSync(given);
}

const remedy =
  "docs/benchmark.md shows what stands in a protocol's file, and oal list protocols names those that come with oal";

function readProtocol(path: string): Protocol {
  return withRemedy(remedy, () => {
    const { data, locate } = parseKeyFile(path, protocolFileSchema);
    const protocol = protocolOfFile(path, data);
    const inList = (list: "shifted" | "unknown") =>
      data[list].map(({ name }, i) => ({ name, path: [list, i, "name"] }));
    const named = [
      { name: protocol.known, path: ["known"] },
      ...protocol.sets.filter(isNamedByRole).map(({ name }) => ({ name, path: [name] })),
      ...inList("shifted"),
      ...inList("unknown"),
    ];
    const names = named.map(({ name }) => name);
    for (const [i, { name, path: at }] of named.entries()) {
      const refuse = (problem: string): Error =>
        oalError("OAL-C202", { at: at.join("."), where: locate(at), problem });
      if (names.indexOf(name) < i) throw refuse(`two sets are called ${name}`);
      if (meanNames.includes(name))
        throw refuse(`"${name}" is what tables call the mean over a group; choose another name`);
    }
    return protocol;
  });
}

/** What tables and OpenOOD's files call the means over near and far sets: figures of a set of that name would be lost. */
const meanNames: readonly string[] = ["near", "far", "nearood", "farood"];

/** Whether a set of a protocol's file has a key of its own, which is its name. */
function isNamedByRole({ role }: ProtocolSet): boolean {
  return isKnown(role) && role !== "shifted";
}

/** The folder itself, or its "data" where OpenOOD's own layout has it: whichever holds the first list or path. */
function rootOf({ sets }: Protocol, folder: string): string {
  const holds = (root: string): boolean =>
    sets.some(({ list, path }) =>
      existsSync(list === undefined ? parseSourceText(path, root).path : join(root, list)),
    );
  return [folder, join(folder, "data")].find(holds) ?? folder;
}

/** A set as readers take it. @param classes  of known sets, where something names them */
export function specOf(
  { name, role, path, list, split, limit }: ProtocolSet,
  root: string,
  classes?: readonly string[],
): SourceSpec {
  const known = isKnown(role);
  return {
    name,
    path: resolve(root, path),
    ...(list === undefined ? {} : { list: resolve(root, list) }),
    ...(split === undefined ? {} : { split }),
    ...(limit === undefined ? {} : { limit }),
    labels: known ? "class" : "ood",
    ...(known && classes ? { classes } : {}),
  };
}

/** Whether something is there to read. */
export function isThere({ list, path }: SourceSpec): boolean {
  return (list === undefined || isFile(list)) && existsSync(path);
}

/** Whether a path is that of a file. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
