/** The sets of a protocol opened: ids, labels, and pictures one after the other, made ready for a model. */
import { createHash } from "node:crypto";
import { oalError } from "oal-core";
import { badImages, spacedPositions, type Skipped } from "../data/badImages.js";
import { orientationFor, prepareImageSet } from "../data/cache.js";
import { SET_FORMAT } from "../data/cachedSet.js";
import { cacheFolder } from "../data/cacheFolder.js";
import type { OrientationUse } from "../data/decode.js";
import { throwProblems } from "../data/problems.js";
import { readerOf } from "../data/readers/index.js";
import type { OpenSource, SourceSpec } from "../data/readers/reader.js";
import type { ImageSet } from "../data/imageSet.js";
import type { Preprocessing } from "../bundle/facts.js";
import { planesOf } from "../fitting/pictures.js";
import { specOf, type OpenedProtocol } from "./openProtocol.js";
import { isKnown, type ProtocolSet } from "./protocol.js";

/** A set that is ready to be read. */
export interface BenchmarkSet {
  readonly set: ProtocolSet;
  readonly spec: SourceSpec;
  readonly source: OpenSource;
  /** The images that count, as positions in the source. */
  readonly positions: readonly number[];
  readonly ids: readonly string[];
  /** Labels as the source has them; -1 for unknown images. */
  readonly labels: Int32Array;
  readonly orientation: OrientationUse;
  /** Equal for equal images in an equal order, as far as names, sizes and times of files tell; whatever classes they are of. */
  readonly fingerprint: string;
}

/**
 * Opens sets of a protocol.
 *
 * @param limit  at most this many images of each
 * @throws what their readers find wrong
 */
export async function openSets(
  { protocol, root }: OpenedProtocol,
  sets: readonly ProtocolSet[],
  limit: number | undefined,
  signal?: AbortSignal,
): Promise<BenchmarkSet[]> {
  let classes = Array.isArray(protocol.classes) ? protocol.classes.map(String) : undefined;
  const opened: BenchmarkSet[] = [];
  for (const set of sets) {
    signal?.throwIfAborted();
    const spec = specOf(
      { ...set, limit: least(set.limit, limit) },
      root,
      // folders name the classes themselves, and those of one part are those of the others
      set.list === undefined ? classes : undefined,
    );
    const reader = await readerOf(spec);
    const source = await reader.open(spec);
    throwProblems(source.problems ?? [], spec.list ?? spec.path);
    if (isKnown(set.role) && set.list === undefined) classes ??= [...source.classNames];
    const positions = spacedPositions(source.ids.length, spec.limit);
    if (positions.length === 0) throw oalError("OAL-D103", { path: spec.path, what: "no image found" });
    const ids = positions.map((position) => source.ids[position] ?? "");
    opened.push({
      set,
      spec,
      source,
      positions,
      ids,
      labels: Int32Array.from(positions, (position) => source.labels[position] ?? -1),
      orientation: await orientationFor(spec),
      fingerprint: createHash("sha256")
        .update(JSON.stringify([reader.id, reader.version ?? 1, spec.split, spec.limit]))
        // the names of classes decide which images a reader finds and in which order, and nothing else about pictures
        .update(JSON.stringify(ids))
        .update(await reader.fingerprint(spec))
        .digest("hex"),
    });
  }
  return opened;
}

function least(first: number | undefined, second: number | undefined): number | undefined {
  return first === undefined ? second : second === undefined ? first : Math.min(first, second);
}

/** How a set's pictures become a model's: as the model says, those that are stored at its size as they are. */
export function ruleFor({ set, orientation }: BenchmarkSet, rule: Preprocessing): Preprocessing {
  return { ...rule, orientation, resize: set.asStored === true ? rule.crop : rule.resize };
}

/** One picture made ready. */
export interface ReadyPicture {
  /** Place among the set's images. */
  readonly index: number;
  /** uint8 [3, S, S], valid until the next one. */
  readonly planes: Uint8Array;
}

/**
 * The pictures of a set that are wanted, decoded while they are asked for, in the order of their source.
 *
 * @throws OAL-D102, OAL-D110, OAL-D123 for unreadable ones, after all the others were given
 */
export async function* readyPictures(
  set: BenchmarkSet,
  rule: Preprocessing,
  wanted: (index: number) => boolean,
): AsyncGenerator<ReadyPicture, void, undefined> {
  const indexOf = new Map(set.positions.map((position, index) => [position, index]));
  const chosen = set.positions.filter((_, index) => wanted(index));
  const own = ruleFor(set, rule);
  const bad: Skipped[] = [];
  for await (const item of set.source.read(new Set(chosen))) {
    const index = indexOf.get(item.position);
    if (index === undefined) continue;
    const planes = "problem" in item ? { id: item.id, problem: item.problem } : await planesOf(item, own);
    if (planes instanceof Uint8Array) yield { index, planes };
    else bad.push(planes);
  }
  throwProblems(badImages(bad, set.spec, {}), set.spec.list ?? set.spec.path);
}

/**
 * A set decoded into the cache, for detectors that look at pictures again and again. Nothing asks it for labels, so that no class has to
 * occur in it: a list has those that it has, and a limit may leave some out.
 */
export async function decodedSet(
  set: BenchmarkSet,
  rule: Preprocessing,
  options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: (done: number) => void },
): Promise<ImageSet> {
  const { resize, crop, interpolation, maxPixels } = ruleFor(set, rule);
  const { orientation, source, fingerprint } = set;
  const { classes: _classes, ...spec } = set.spec;
  const settings = { resize, crop, interpolation, maxPixels, orientation };
  return prepareImageSet(
    { ...spec, labels: "ood" },
    {
      cacheDir: cacheFolder(),
      size: crop,
      resize,
      interpolation,
      orientation,
      maxPixels,
      signal: options.signal,
      onProgress: (done) => options.onProgress?.(done),
    },
    {
      opened: { ...source, classNames: [], labels: new Int32Array(source.labels.length).fill(-1) },
      // the order of the images is the opened source's, which without classes could be another one
      key: createHash("sha256")
        .update(JSON.stringify(["benchmark", SET_FORMAT, settings, fingerprint]))
        .digest("hex")
        .slice(0, 24),
    },
  );
}
