/**
 * The pictures of a fit: every picture of a source once, by content. Unreadable pictures, copies, and pictures that lie under two
 * classes are left out and told.
 */
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { isOalError, oalError, preprocessImage, printable, toPlanes, type RgbImage } from "oal-core";
import type { Preprocessing } from "../bundle/facts.js";
import { problemOfImage, type Skipped } from "../data/badImages.js";
import { pixelsOf } from "../data/decode.js";
import { skippedSentence } from "../data/pictures/kinds.js";
import { readerOf } from "../data/readers/index.js";
import type { OpenSource, SourceItem, SourceSpec } from "../data/readers/reader.js";
import { writtenSource } from "../data/sourceText.js";
import { partFor, partsOf } from "../data/split.js";

/** The parts of the known pictures. */
export type Part = "train" | "calibration" | "test";

/** One picture, kept of it what a fit needs. */
export interface FitPicture {
  /** Its path in the source. */
  readonly id: string;
  /** Index of its folder among the class folders; -1 where there are none. */
  readonly folder: number;
  /** SHA-256 of its bytes, or of its pixels where it has no bytes of its own. */
  readonly hash: string;
  /** The part that its folder says it belongs to; undefined where the fit divides. */
  readonly given?: Part | undefined;
  /** Which source it is read from, and where in it. */
  readonly source: OpenSource;
  readonly position: number;
}

/** What was found at a path. */
export interface FoundSource {
  /** As it was asked for. */
  readonly path: string;
  /** Names of the class folders, in order; empty for a set without classes. */
  readonly folders: readonly string[];
  readonly sources: readonly { readonly source: OpenSource; readonly given?: Part | undefined }[];
  /** What is to be said of it, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * Opens the known pictures: class folders, perhaps divided into train, val and test; a folder of pictures alone is one class.
 *
 * @throws OAL-D101, OAL-D103, OAL-D106 as readers do
 */
export async function openKnown(path: string): Promise<FoundSource> {
  const parts = await partsOf(specOf(path, "id"));
  const warnings: string[] = [];
  const train = await openPart(parts.train, warnings);
  if (train.ids.length === 0) return openWithoutClasses(path, warnings);
  const asked = { classes: train.classNames };
  const others = await Promise.all(
    [
      { given: "calibration" as const, spec: parts.validation },
      { given: "test" as const, spec: parts.test },
    ].flatMap(({ given, spec }) =>
      spec ? [openPart({ ...spec, ...asked }, warnings).then((source) => ({ given, source }))] : [],
    ),
  );
  const given = others.length > 0 ? ({ given: "train" } as const) : {};
  return { path, folders: train.classNames, sources: [{ source: train, ...given }, ...others], warnings };
}

/** Opens unknown pictures: whatever pictures lie at a path. */
export async function openUnknown(path: string): Promise<FoundSource> {
  const spec = await partFor({ ...specOf(path, "unknown"), labels: "ood" }, "ood");
  const warnings: string[] = [];
  return { path, folders: [], sources: [{ source: await openPart(spec, warnings) }], warnings };
}

async function openWithoutClasses(path: string, warnings: readonly string[]): Promise<FoundSource> {
  const source = await openPart({ ...specOf(path, "id"), labels: "ood" }, []);
  if (source.ids.length === 0) throw oalError("OAL-D103", { path, what: warnings[0] ?? "no image found" });
  const name = basename(resolve(path)).replace(/\.(tar|tar\.gz|tgz|zip)$/i, "");
  const labels = new Int32Array(source.ids.length);
  return {
    path,
    folders: [name],
    sources: [{ source: { ...source, labels, classNames: [name] } }],
    warnings: [
      `${printable(path)} has no class folders: all its pictures are one class, "${printable(name)}"`,
    ],
  };
}

function specOf(path: string, name: string): SourceSpec {
  return { ...writtenSource(path, process.cwd()), name };
}

/** Opens a source; what its reader finds wrong is left out and told. */
async function openPart(spec: SourceSpec, warnings: string[]): Promise<OpenSource> {
  const source = await (await readerOf(spec)).open(spec);
  for (const { message } of source.problems ?? []) warnings.push(`left out: ${message}`);
  const others = source.skipped && skippedSentence(source.skipped);
  if (others !== undefined) warnings.push(`${printable(spec.path)}: ${others}`);
  return source;
}

/** A picture as it was met. */
export type MetPicture = FitPicture & { readonly item: SourceItem };

/** Reads every picture of what was found, in the source's order of reading; unreadable ones are put into `unreadable`. */
export async function* readAll(
  { sources }: FoundSource,
  unreadable: Skipped[],
): AsyncGenerator<MetPicture, void, undefined> {
  for (const { source, given } of sources) {
    for await (const item of source.read(new Set(source.ids.keys()))) {
      if ("problem" in item) {
        unreadable.push({ id: item.id, problem: item.problem });
        continue;
      }
      const { position, id } = item;
      yield {
        id,
        folder: source.labels[position] ?? -1,
        hash: hashOfItem(item),
        given,
        source,
        position,
        item,
      };
    }
  }
}

/** The hash of a picture's content as it lies in its source. */
export function hashOfItem(item: Exclude<SourceItem, { readonly problem: string }>): string {
  const hash = createHash("sha256");
  if ("bytes" in item) return hash.update(item.bytes).digest("hex");
  const { width, height, data } = item.pixels;
  return hash.update(`pixels ${height}x${width} `).update(data).digest("hex");
}

/** The planes that a model takes, uint8 [3, S, S]; why there are none where a picture cannot be read. */
export async function planesOf(item: SourceItem, rule: Preprocessing): Promise<Uint8Array | Skipped> {
  try {
    return planesOfImage(await pixelsOf(item, rule), rule);
  } catch (error) {
    return { id: item.id, ...problemOfImage(error) };
  }
}

/** The planes of decoded pixels. */
function planesOfImage(image: RgbImage, { resize, crop, interpolation }: Preprocessing): Uint8Array {
  return toPlanes(preprocessImage(image, { resize, crop, interpolation }), new Uint8Array(3 * crop * crop));
}

/** Some pictures once more, by hash: for thumbnails and checks. Those that cannot be read any more are absent. */
export async function readAgain(
  pictures: readonly FitPicture[],
  rule: Preprocessing,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const bySource = new Map<OpenSource, FitPicture[]>();
  for (const picture of pictures)
    bySource.set(picture.source, [...(bySource.get(picture.source) ?? []), picture]);
  for (const [source, own] of bySource) {
    const hashes = new Map(own.map(({ position, hash }) => [position, hash]));
    try {
      for await (const item of source.read(new Set(hashes.keys()))) {
        const planes = await planesOf(item, rule);
        const hash = hashes.get(item.position);
        if (planes instanceof Uint8Array && hash !== undefined) found.set(hash, planes);
      }
    } catch (error) {
      if (!isOalError(error)) throw error;
    }
  }
  return found;
}

/** Pictures of one content. */
export interface Copies {
  readonly ids: readonly string[];
}

/** Distinct pictures, and what was left out for being there twice. */
export interface Distinct {
  readonly pictures: readonly FitPicture[];
  /** Pictures that are there more than once within a class: the first counts. */
  readonly copies: readonly Copies[];
  /** Pictures that lie under several classes: none of them counts. */
  readonly contradictions: readonly Copies[];
}

/**
 * Every content once, in the order of the source. Of copies in several given parts the one in the training part counts.
 */
export function distinct(pictures: readonly FitPicture[]): Distinct {
  const byHash = new Map<string, FitPicture[]>();
  for (const picture of pictures) {
    const own = byHash.get(picture.hash);
    if (own) own.push(picture);
    else byHash.set(picture.hash, [picture]);
  }
  const kept: FitPicture[] = [];
  const copies: Copies[] = [];
  const contradictions: Copies[] = [];
  for (const own of byHash.values()) {
    const ids = own.map(({ id }) => id);
    if (new Set(own.map(({ folder }) => folder)).size > 1) {
      contradictions.push({ ids });
      continue;
    }
    const [first] = own;
    if (first) kept.push(own.find(({ given }) => given === "train") ?? first);
    if (own.length > 1) copies.push({ ids });
  }
  kept.sort((a, b) => a.folder - b.folder || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { pictures: kept, copies, contradictions };
}
