/** Whether the data of a protocol are there: every set's list, count, hash and images, and what is to be done where they are not. */
import { basename } from "node:path";
import { isOalError } from "oal-core";
import { sha256OfFile } from "../data/fileHashes.js";
import { readerOf } from "../data/readers/index.js";
import { absentImages, type LookOptions } from "../data/readers/listedImages.js";
import type { OpenSource } from "../data/readers/reader.js";
import { ListRecord } from "./listRecord.js";
import { isThere, specOf, type OpenedProtocol } from "./openProtocol.js";
import { isKnown, type Protocol, type ProtocolSet, type SetRole } from "./protocol.js";

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
  /** SHA-256 of the list. */
  readonly sha256: string | null;
  /** What the hash was compared with: the protocol's, or that of the first check on this machine ("2026-11-27", "now"). */
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
  const found: { readonly check: SetCheck; readonly opened: OpenSource | null }[] = [];
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
    notes: [...protocol.notes, ...olderVersion(protocol, sets)],
  };
}

async function checkSet(
  protocol: Protocol,
  set: ProtocolSet,
  root: string,
  record: ListRecord,
  { signal, onProgress }: CheckOptions,
): Promise<{ readonly check: SetCheck; readonly opened: OpenSource | null }> {
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
    return { check: { ...facts, ...nothing, problems: [error.message] }, opened: null };
  }
  const sha256 = spec.list === undefined ? null : await sha256OfFile(spec.list, { signal });
  const compared = sha256 === null ? null : compareHash(protocol, set, sha256, record);
  const images = opened.ids.length;
  const problems = [
    ...(opened.problems ?? []).map(({ message }) => message),
    ...countProblem(set, images),
    ...(compared?.problem === undefined ? [] : [compared.problem]),
    ...(isKnown(role) ? labelProblem(protocol, opened) : []),
    ...(missing.length === 0
      ? []
      : [
          `${missing.length} of its ${images} images ${missing.length === 1 ? "is" : "are"} not under ${spec.path}`,
        ]),
  ];
  return {
    check: {
      ...facts,
      images,
      absent: missing.length,
      examples: missing.slice(0, shownExamples),
      sha256,
      comparedWith: compared?.with ?? null,
      problems,
    },
    opened,
  };
}

function compareHash(
  { id }: Protocol,
  set: ProtocolSet,
  sha256: string,
  record: ListRecord,
): { readonly with: string; readonly problem?: string } {
  if (set.sha256 !== undefined) {
    const same = set.sha256 === sha256;
    return {
      with: "the protocol",
      ...(same ? {} : { problem: `its list is another one than the protocol's (SHA-256 ${sha256})` }),
    };
  }
  const first = record.met(id, set.name, sha256);
  if (first.isNew) return { with: "now" };
  return {
    with: first.on,
    ...(first.sha256 === sha256
      ? {}
      : { problem: `its list is another one than the first that was checked here, on ${first.on}` }),
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
  const older = sets.filter(
    ({ name, images }) => images !== null && countsBefore.get(`${id} ${name}`) === images,
  );
  const chooser = sets.find(({ role, list }) => role.startsWith("validation-") && list !== null);
  const isMissing = chooser?.images === null && sets.some(({ images }) => images !== null);
  if (older.length === 0 && !isMissing) return [];
  const why = [
    ...older.map(({ name, images }) => `${name} has ${images} images`),
    ...(isMissing ? [`${basename(chooser?.list ?? "")} is missing`] : []),
  ];
  return [`these look like the lists of OpenOOD v1.0 (${why.join(", ")}): fetch benchmark_imglist anew`];
}
