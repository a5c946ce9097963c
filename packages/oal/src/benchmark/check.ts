/** Whether the data of a protocol are there: every set's list, count, hash and images, and what is to be done where they are not. */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { isOalError } from "oal-core";
import { sha256OfFile } from "../data/fileHashes.js";
import { readerOf } from "../data/readers/index.js";
import { absentImages, type LookOptions } from "../data/readers/listedImages.js";
import type { OpenSource } from "../data/readers/reader.js";
import { ListRecord } from "./listRecord.js";
import { isFile, isThere, specOf, type OpenedProtocol } from "./openProtocol.js";
import { isKnown, type Protocol, type ProtocolSet, type SetRole } from "./protocol.js";
import { protocols } from "./protocols/index.js";

/** What was found of one set. */
export interface SetCheck {
  readonly name: string;
  readonly role: SetRole;
  readonly path: string;
  /** The image list; null for a set without one. */
  readonly list: string | null;
  /** Images that the list or source names; null where there is none. */
  readonly images: number | null;
  /** Images that the protocol wants; null where it does not say. */
  readonly expected: number | null;
  /** Images of the list that are not there, and the first of them. */
  readonly absent: number;
  readonly examples: readonly string[];
  /** SHA-256 of the list, or of the file where the protocol states one. */
  readonly sha256: string | null;
  /**
   * What the hash was compared with: the protocol's, or that of an earlier check on this machine ("2026-11-27", "now"). Null where there
   * was nothing to compare with: only a set without any other fault is noted.
   */
  readonly comparedWith: string | null;
  /** What is wrong, in sentences. */
  readonly problems: readonly string[];
  /** Where it is to be had; null where nobody says. */
  readonly from: string | null;
}

/** What was found of a protocol. */
export interface ProtocolCheck {
  readonly protocol: string;
  readonly title: string;
  readonly root: string;
  readonly complete: boolean;
  readonly sets: readonly SetCheck[];
  /** What concerns several sets, in sentences. */
  readonly problems: readonly string[];
  /** What is worth knowing and no fault. */
  readonly notes: readonly string[];
}

/** How to check. */
export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the set under way, and the images looked for so far of how many. */
  readonly onProgress?: ((set: string, done: number, total: number) => void) | undefined;
}

/** Absent images that are named. */
const shownExamples = 3;

/** What was found of a set, with what later looks need. */
interface FoundSet {
  readonly check: SetCheck;
  readonly opened: OpenSource | null;
  readonly notes: readonly string[];
}

/**
 * Checks the data of a protocol; nothing is decoded.
 *
 * @source PROTOCOL section 2 and traps 8, 9 and 12
 */
export async function checkProtocol(
  { protocol, root }: OpenedProtocol,
  options: CheckOptions = {},
): Promise<ProtocolCheck> {
  const record = new ListRecord();
  const found: FoundSet[] = [];
  for (const set of protocol.sets) found.push(await checkSet(protocol, set, root, record, options));
  await record.save();
  const sets = found.map(({ check }) => check);
  const problems = sharedImages(protocol, found);
  return {
    protocol: protocol.id,
    title: protocol.title,
    root,
    complete: problems.length === 0 && sets.every((set) => set.problems.length === 0),
    sets,
    problems,
    notes: [...protocol.notes, ...found.flatMap(({ notes }) => notes), ...olderVersion(protocol, sets)],
  };
}

async function checkSet(
  protocol: Protocol,
  set: ProtocolSet,
  root: string,
  record: ListRecord,
  { signal, onProgress }: CheckOptions,
): Promise<FoundSet> {
  signal?.throwIfAborted();
  const classes = typeof protocol.classes === "number" || !protocol.classes ? undefined : protocol.classes;
  const spec = specOf(set, root, classes);
  const { name, role, count, from } = set;
  const facts = {
    name,
    role,
    path: spec.path,
    list: spec.list ?? null,
    expected: count ?? null,
    from: from ?? null,
  };
  const nothing = { images: null, absent: 0, examples: [], sha256: null, comparedWith: null };
  if (!isThere(spec)) {
    const what = spec.list !== undefined && !isThere({ ...spec, path: root }) ? spec.list : spec.path;
    return {
      check: { ...facts, ...nothing, problems: [`${what} is not there`] },
      opened: null,
      notes: [],
    };
  }
  let opened: OpenSource;
  let missing: string[] = [];
  const look: LookOptions = { signal };
  try {
    opened = await (await readerOf(spec)).open(spec);
    const total = opened.ids.length;
    if (spec.list !== undefined)
      missing = await absentImages(spec.path, opened.ids, {
        ...look,
        onProgress: (done) => onProgress?.(name, done, total),
      });
  } catch (error) {
    if (!isOalError(error)) throw error;
    return { check: { ...facts, ...nothing, problems: [error.message] }, opened: null, notes: [] };
  }
  const images = opened.ids.length;
  const faults = [
    ...(opened.problems ?? []).map(({ message }) => message),
    ...countProblem(set, images),
    ...(isKnown(role) ? labelProblem(protocol, opened) : []),
    ...(missing.length === 0
      ? []
      : [
          `${missing.length} of its ${images} images ${missing.length === 1 ? "is" : "are"} not under ${spec.path}`,
        ]),
  ];
  const hashed = spec.list ?? (set.sha256 !== undefined && isFile(spec.path) ? spec.path : undefined);
  const sha256 = hashed === undefined ? null : await sha256OfFile(hashed, { signal });
  const compared = compareHash(protocol, set, { sha256, isSound: faults.length === 0 }, record);
  return {
    check: {
      ...facts,
      images,
      absent: missing.length,
      examples: missing.slice(0, shownExamples),
      sha256,
      comparedWith: compared.with,
      problems: [...faults, ...compared.problems],
    },
    opened,
    notes: compared.notes,
  };
}

/** What the comparison of a hash came to. */
interface Comparison {
  readonly with: string | null;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Compares a hash with that of the protocol, or with what was noted by an earlier check. The list of a published protocol stays what it
 * was; a list of one's own may change, which is worth a note. Nothing is noted of a set that has another fault: a wrong list would stand
 * in the way of the right one.
 */
function compareHash(
  { id }: Protocol,
  set: ProtocolSet,
  { sha256, isSound }: { readonly sha256: string | null; readonly isSound: boolean },
  record: ListRecord,
): Comparison {
  const nothing = { with: null, problems: [], notes: [] };
  if (set.sha256 !== undefined) {
    if (sha256 === null)
      return {
        ...nothing,
        problems: [`the protocol has a SHA-256 for it, and ${set.path} is no single file`],
      };
    const what = set.list === undefined ? "its file" : "its list";
    const problems =
      set.sha256 === sha256 ? [] : [`${what} is another one than the protocol's (SHA-256 ${sha256})`];
    return { ...nothing, with: "the protocol", problems };
  }
  if (sha256 === null) return nothing;
  const isPublished = protocols.some((each) => each.id === id);
  const name = isPublished ? id : resolve(id);
  const noted = record.of(name, set.name);
  if (isSound && (!noted || (!isPublished && noted.sha256 !== sha256))) record.note(name, set.name, sha256);
  if (!noted) return isSound ? { ...nothing, with: "now" } : nothing;
  if (noted.sha256 === sha256) return { ...nothing, with: noted.on };
  return isPublished
    ? {
        with: noted.on,
        problems: [
          `its list is another one than the one that was noted here on ${noted.on}; where the list is right now, delete ${record.path}`,
        ],
        notes: [],
      }
    : {
        with: noted.on,
        problems: [],
        notes: [`${set.name}: its list is another one than on ${noted.on}, when it was checked here`],
      };
}

/** Counts of OpenOOD v1.0 that were others in v1.5 (trap 8). */
const countsBefore: ReadonlyMap<string, number> = new Map([
  ["openood-v1.5/cifar10 tin", 8793],
  ["openood-v1.5/cifar100 tin", 7498],
]);

function countProblem({ count }: ProtocolSet, images: number): string[] {
  if (count === undefined || count === images) return [];
  return [`it has ${images} images, and the protocol ${count}`];
}

function labelProblem({ classes }: Protocol, { labels }: OpenSource): string[] {
  const count = typeof classes === "number" ? classes : (classes?.length ?? null);
  if (count === null) return [];
  const largest = labels.reduce((most, label) => Math.max(most, label), -1);
  const unknown = labels.indexOf(-1);
  return [
    ...(largest >= count ? [`it has label ${largest}, and the protocol ${count} classes from 0`] : []),
    ...(unknown >= 0 ? [`image ${unknown + 1} of this known set has label -1`] : []),
  ];
}

/** Images in two sets that must have none in common: those to choose by and those to measure by, known and known. */
function sharedImages(
  protocol: Protocol,
  found: readonly { readonly check: SetCheck; readonly opened: OpenSource | null }[],
): string[] {
  const parts = found.flatMap(({ check, opened }, k) => {
    const set = protocol.sets[k];
    return opened && set ? [{ set, check, opened }] : [];
  });
  const mustDiffer = (a: SetRole, b: SetRole): boolean =>
    (isKnown(a) && isKnown(b)) || a.startsWith("validation") || b.startsWith("validation");
  return parts.flatMap(({ set: a, check, opened }, i) => {
    const own = new Set(opened.ids);
    return parts.slice(i + 1).flatMap(({ set: b, check: other, opened: theirs }) => {
      const samePlace = check.path === other.path && a.split === b.split;
      if (!samePlace || !mustDiffer(a.role, b.role)) return [];
      const shared = theirs.ids.filter((id) => own.has(id));
      return shared.length === 0
        ? []
        : [
            `${a.name} and ${b.name} have ${shared.length} ${shared.length === 1 ? "image" : "images"} in common (${shared[0]}), and one must not choose or be fitted by what the other measures`,
          ];
    });
  });
}

/** Lists of OpenOOD v1.0 where v1.5 is asked for (traps 8 and 9). */
function olderVersion({ id }: Protocol, sets: readonly SetCheck[]): string[] {
  if (!id.startsWith("openood-v1.5/")) return [];
  const usual = id.replace(/-full-spectrum$/, "");
  const older = sets.filter(
    ({ name, images }) => images !== null && countsBefore.get(`${usual} ${name}`) === images,
  );
  const chooser = sets.find(({ role, list }) => role.startsWith("validation-") && list !== null);
  // its images may be missing as well, which says nothing of the lists
  const isMissing =
    chooser !== undefined &&
    !existsSync(chooser.list ?? "") &&
    sets.some(({ list }) => list !== null && existsSync(list));
  if (older.length === 0 && !isMissing) return [];
  const why = [
    ...older.map(({ name, images }) => `${name} has ${images} images`),
    ...(isMissing ? [`${basename(chooser?.list ?? "")} is missing`] : []),
  ];
  return [`these look like the lists of OpenOOD v1.0 (${why.join(", ")}): fetch benchmark_imglist anew`];
}
