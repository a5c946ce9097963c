/**
 * The cache of decoded sets: a source is read and decoded once into uint8 shards, in a folder named by the source's content and the
 * settings. A damaged entry is made again. An entry appears whole or not at all: it is built aside, then renamed.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Interpolation, oalError, OalError, preprocessImage, type ResizeRule, toPlanes } from "oal-core";
import { badImages, emptied, problemOfImage, spacedPositions, type Skipped } from "./badImages.js";
import { openImageSet, readSetManifest, SET_FORMAT, verifyImageSet, writeSetManifest } from "./cachedSet.js";
import { type DecodeOptions, type OrientationUse, pixelsOf } from "./decode.js";
import type { ImageSet, SetDescription } from "./imageSet.js";
import { skippedSentence, type SkippedFiles } from "./pictures/kinds.js";
import { defaultMaxPixels } from "./pictures/limits.js";
import { placeOf, sourceProblems, throwProblems } from "./problems.js";
import { readerOf } from "./readers/index.js";
import type { OpenSource, SourceSpec } from "./readers/reader.js";
import { ShardWriter } from "./shards.js";
import { asideOf, sweepAside } from "../runtime/aside.js";
import { makeFolderSync } from "../runtime/makeFolder.js";
import { systemProblem } from "../runtime/systemError.js";

/** How a source becomes a set. */
export interface PrepareOptions {
  /** Folder of the cache; made when absent. */
  readonly cacheDir: string;
  /** Takes the sets that the cache lacks and cannot take, because its folder cannot be written. Default: that is an error. */
  readonly spareDir?: string | undefined;
  /** Side of the square images of the set, in pixels. */
  readonly size: number;
  /** The shorter side, or both sides, before the central square is cut. Default: `size`, the shorter side. */
  readonly resize?: ResizeRule | undefined;
  /** Default "bilinear". */
  readonly interpolation?: Interpolation | undefined;
  /** Whether pictures are turned as their EXIF says; "auto" (default): where the reader's kind of source is turned. */
  readonly orientation?: OrientationSetting | undefined;
  /** Most pixels of a picture. Default `defaultMaxPixels`. */
  readonly maxPixels?: number | undefined;
  /** How many unreadable images are passed over. Default 0: the first is an error. */
  readonly skipBad?: number | undefined;
  /** Told the images done and the images in all, now and then. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Told of what was passed over or made again. */
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Stops between images, and between pieces of files that are hashed. */
  readonly signal?: AbortSignal | undefined;
}

/** The setting of what is done with EXIF orientations. */
export type OrientationSetting = "auto" | OrientationUse;

/** What a setting means for the images of a source. */
export async function orientationFor(
  spec: SourceSpec,
  setting: OrientationSetting = "auto",
): Promise<OrientationUse> {
  return setting === "auto" ? (await readerOf(spec)).orientation : setting;
}

const PROGRESS_EVERY = 256;

/** The cache's name for a source with these settings. */
async function cacheKey(spec: SourceSpec, options: PrepareOptions): Promise<string> {
  const { list: _list, path: _path, name: _name, ...meaning } = spec;
  const { size, resize = size, interpolation = "bilinear" } = options;
  const reader = await readerOf(spec);
  const hash = createHash("sha256").update(await reader.fingerprint(spec));
  const { id, version = 1 } = reader;
  const { maxPixels = defaultMaxPixels } = options;
  const settings = {
    format: SET_FORMAT,
    reader: version === 1 ? id : `${id}/${version}`,
    size,
    resize,
    interpolation,
    ...((await orientationFor(spec, options.orientation)) === "apply" ? { orientation: "apply" } : {}),
    ...(maxPixels === defaultMaxPixels ? {} : { maxPixels }),
  };
  return hash
    .update(
      JSON.stringify([
        settings,
        Object.entries(meaning)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ]),
    )
    .digest("hex")
    .slice(0, 24);
}

/** What the cache knows of a source without its pixels. */
export interface CachedDescription extends SetDescription {
  /** Images that could not be read; they are not among `ids`. */
  readonly skipped: readonly Skipped[];
}

/**
 * Asks the cache for a source with these settings.
 *
 * @returns its key there, and what it knows: undefined when it holds nothing, or nothing that can be read
 */
export async function findCached(
  spec: SourceSpec,
  options: PrepareOptions,
): Promise<{ readonly key: string; readonly found: CachedDescription | undefined }> {
  const key = await cacheKey(spec, options);
  const folder = join(options.cacheDir, key);
  if (!existsSync(folder)) return { key, found: undefined };
  try {
    const { labels, ...rest } = readSetManifest(folder);
    return { key, found: { ...rest, labels: Int32Array.from(labels) } };
  } catch (error) {
    if (error instanceof OalError) return { key, found: undefined };
    throw error;
  }
}

/** What was found out about a source before, which saves looking at it again. */
export interface KnownSource {
  /** The source as its reader opened it. */
  readonly opened?: OpenSource | undefined;
  /** Its key in the cache. */
  readonly key?: string | undefined;
}

/**
 * Decodes a source into the cache, or finds it there, and opens it. Every image is tried before unreadable ones are refused, and what
 * could be read is kept, so that the same source with a higher `skipBad` is not decoded again.
 *
 * @param known  what is known of the source already
 * @throws OAL-D1xx for faults of the data (among them OAL-D102 or OAL-D123 naming the one unreadable image, OAL-D110
 *   naming several), OAL-D140 for several faults, OAL-I131 when the cache cannot be written
 */
export async function prepareImageSet(
  spec: SourceSpec,
  options: PrepareOptions,
  known: KnownSource = {},
): Promise<ImageSet> {
  const key = known.key ?? (await cacheKey(spec, options));
  const { cacheDir, spareDir } = options;
  for (const dir of spareDir === undefined ? [cacheDir] : [cacheDir, spareDir]) {
    const found = await openFound(join(dir, key), spec, options);
    if (found) return found;
  }
  const folder = join(placeFor(options), key);
  await makeSet(spec, options, folder, known.opened ?? (await (await readerOf(spec)).open(spec)));
  return openImageSet(folder, spec.name);
}

/** The cache's folder, or the spare one when the cache's cannot be written. */
function placeFor({ cacheDir, spareDir, onWarning }: PrepareOptions): string {
  try {
    makeFolderSync(cacheDir);
    rmSync(mkdtempSync(join(cacheDir, "probe-")), { recursive: true });
    return cacheDir;
  } catch (error) {
    if (spareDir === undefined) throw cacheError(cacheDir, error);
    const why = systemProblem(error) ?? String(error);
    onWarning?.(
      `the cache of decoded images cannot be written in ${cacheDir} (${why}): they are kept in ${spareDir}; OAL_CACHE names another folder`,
    );
    return spareDir;
  }
}

/** The set of a folder; undefined when it is not there, or damaged, and then it is removed. */
async function openFound(
  folder: string,
  spec: SourceSpec,
  options: PrepareOptions,
): Promise<ImageSet | undefined> {
  if (existsSync(folder)) {
    try {
      const { skipped, ids, passedOver } = readSetManifest(folder);
      refuseBad(skipped, spec, options);
      await verifyImageSet(folder, { signal: options.signal });
      const set = openImageSet(folder, spec.name);
      throwProblems(sourceProblems(set, spec), placeOf(spec));
      warnSkipped(skipped, options);
      warnPassedOver(new Map(Object.entries(passedOver ?? {})), spec, options);
      options.onProgress?.(ids.length, ids.length);
      return set;
    } catch (error) {
      if (!(error instanceof OalError && (error.code === "OAL-I103" || error.code === "OAL-D101")))
        throw error;
      options.onWarning?.(`${error.message}; it is made again`);
      try {
        rmSync(folder, { recursive: true, force: true });
      } catch (cause) {
        if (options.spareDir === undefined) throw cacheError(folder, cause);
      }
    }
  }
  return undefined;
}

async function makeSet(
  spec: SourceSpec,
  options: PrepareOptions,
  folder: string,
  source: OpenSource,
): Promise<void> {
  throwProblems(sourceProblems(source, spec), placeOf(spec));
  const aside = asideOf(folder);
  guardWrite(aside, () => makeFolderSync(aside));
  sweepAside(folder);
  try {
    const skipped = await fill(source, spec, options, aside);
    guardWrite(folder, () => {
      try {
        renameSync(aside, folder);
      } catch (error) {
        // Another process may have been faster; its entry is as good.
        if (!existsSync(join(folder, "set.json"))) throw error;
      }
    });
    refuseBad(skipped, spec, options);
    warnSkipped(skipped, options);
    warnPassedOver(source.skipped ?? new Map(), spec, options);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function fill(
  source: OpenSource,
  spec: SourceSpec,
  options: PrepareOptions,
  folder: string,
): Promise<Skipped[]> {
  const { size, resize = size, interpolation = "bilinear" } = options;
  const positions = spacedPositions(source.ids.length, spec.limit);
  const rowOf = new Map(positions.map((position, row) => [position, row]));
  const planes = new Uint8Array(3 * size * size);
  const writer = new ShardWriter(folder, planes.length, positions.length);
  const bad = new Map<number, Skipped>();
  const decoding: DecodeOptions = {
    orientation: await orientationFor(spec, options.orientation),
    maxPixels: options.maxPixels,
  };
  let done = 0;
  try {
    for await (const item of source.read(new Set(positions))) {
      options.signal?.throwIfAborted();
      const row = rowOf.get(item.position);
      if (row === undefined) continue;
      try {
        toPlanes(
          preprocessImage(await pixelsOf(item, decoding), { resize, crop: size, interpolation }),
          planes,
        );
        guardWrite(folder, () => writer.write(row, planes));
      } catch (error) {
        bad.set(row, { id: item.id, ...problemOfImage(error) });
      }
      if (++done % PROGRESS_EVERY === 0 || done === positions.length)
        options.onProgress?.(done, positions.length);
    }
    const kept = Array.from(positions.keys()).filter((row) => !bad.has(row));
    const ids = kept.map((row) => source.ids[positions[row] ?? 0] ?? "");
    const labels = kept.map((row) => source.labels[positions[row] ?? 0] ?? -1);
    const skipped = [...bad.entries()].sort((a, b) => a[0] - b[0]).map(([, image]) => image);
    const empty = emptied(labels, source, spec);
    if (empty) throwProblems([...badImages(skipped, spec, options), empty], placeOf(spec));
    await guardFinish(folder, async () => {
      const shards = await writer.finish({ signal: options.signal });
      const rows = bad.size === 0 ? null : kept;
      const { name } = spec;
      const classNames = [...source.classNames];
      await writeSetManifest(folder, {
        format: SET_FORMAT,
        name,
        height: size,
        width: size,
        labels,
        ids,
        classNames,
        rows,
        shards,
        skipped,
        ...(source.skipped?.size ? { passedOver: Object.fromEntries(source.skipped) } : {}),
      });
    });
    return skipped;
  } finally {
    writer.close();
  }
}

function refuseBad(bad: readonly Skipped[], spec: SourceSpec, options: PrepareOptions): void {
  throwProblems(badImages(bad, spec, options), placeOf(spec));
}

function warnSkipped(skipped: readonly Skipped[], options: PrepareOptions): void {
  const [first] = skipped;
  if (!first) return;
  options.onWarning?.(
    `${skipped.length} unreadable image(s) passed over, the first: ${first.id}: ${first.problem}`,
  );
}

/** Says once per set which files are no pictures. */
function warnPassedOver(passedOver: SkippedFiles, spec: SourceSpec, options: PrepareOptions): void {
  const sentence = skippedSentence(passedOver);
  if (sentence === undefined) return;
  const part = spec.split === undefined ? "" : `, ${spec.split}`;
  options.onWarning?.(`${spec.path}${part}: ${sentence}`);
}

function guardWrite(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw cacheError(path, error);
  }
}

async function guardFinish(path: string, finish: () => Promise<void>): Promise<void> {
  try {
    await finish();
  } catch (error) {
    throw cacheError(path, error);
  }
}

/** OAL-I131 for an error of the system; every other error as it is. */
function cacheError(path: string, error: unknown): unknown {
  const problem = systemProblem(error);
  return problem === undefined ? error : oalError("OAL-I131", { path, problem }, error);
}
