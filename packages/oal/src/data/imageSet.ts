/**
 * A set of equally large 8-bit images with labels: what training and evaluation see of any source. Backed by memory, by shards on disk
 * (cachedSet.ts) or by part of another set.
 */
import { createHash } from "node:crypto";
import { oalError } from "oal-core";

/** Images of one size with labels, read by index. */
export interface ImageSet {
  readonly name: string;
  /** Number of images, at least 1. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 3;
  /** Class of every image; -1 = out of distribution. */
  readonly labels: Int32Array;
  /** A stable name for every image, such as its path in the source. */
  readonly ids: readonly string[];
  readonly classNames: readonly string[];
  /** SHA-256 over pixels, labels, ids and class names. */
  readonly contentHash: string;
  /** Where the set lies as decoded shards (see `openImageSet`); absent for sets in memory and parts of sets. */
  readonly folder?: string | undefined;
  /**
   * The pixels of the named images, synchronously.
   *
   * @param indices  0 to count-1, any order, repeats allowed
   * @param out  receives uint8 [indices.length, 3, height, width]; made when absent
   * @returns `out`, cut to the images read
   */
  read(indices: ArrayLike<number>, out?: Uint8Array): Uint8Array;
  /** Gives back file handles. */
  close(): void;
}

/** Values that describe a set without its pixels. */
export interface SetDescription {
  readonly labels: Int32Array;
  readonly ids: readonly string[];
  readonly classNames: readonly string[];
}

/** SHA-256 of a set from hashes of its pixels and its description. */
export function hashOfSet(pixelHashes: readonly string[], description: SetDescription): string {
  const hash = createHash("sha256");
  hash
    .update(pixelHashes.join("\n"))
    .update("\0")
    .update(Buffer.from(Int32Array.from(description.labels).buffer));
  hash.update(description.ids.join("\n")).update("\0").update(description.classNames.join("\n"));
  return hash.digest("hex");
}

/**
 * A set held in memory.
 *
 * @param pixels  uint8 [N, 3, side, side], square images
 * @param labels  N classes, -1 = OOD
 * @param ids  default "name/0", "name/1", ...
 * @throws OAL-D103 without images
 */
export function memoryImageSet(
  name: string,
  pixels: Uint8Array,
  labels: ArrayLike<number>,
  classNames: readonly string[],
  ids: readonly string[] = Array.from({ length: labels.length }, (_, i) => `${name}/${i}`),
): ImageSet {
  const count = labels.length;
  if (count === 0) throw oalError("OAL-D103", { path: name, what: "the set has no images" });
  const size = pixels.length / count;
  const side = Math.round(Math.sqrt(size / 3));
  if (side * side * 3 !== size) {
    throw oalError("OAL-X101", { problem: `${pixels.length} bytes are not ${count} square RGB images` });
  }
  const description = { labels: Int32Array.from(labels), ids, classNames };
  let contentHash: string | undefined;
  return {
    name,
    count,
    height: side,
    width: side,
    channels: 3,
    ...description,
    get contentHash() {
      contentHash ??= hashOfSet([createHash("sha256").update(pixels).digest("hex")], description);
      return contentHash;
    },
    read(indices, out = new Uint8Array(indices.length * size)) {
      for (let i = 0; i < indices.length; i++) {
        const from = checkedIndex(indices[i], count, name) * size;
        out.set(pixels.subarray(from, from + size), i * size);
      }
      return out.subarray(0, indices.length * size);
    },
    close() {
      // Memory needs no closing.
    },
  };
}

/**
 * Part of a set, in the order of `indices`. Shares the pixels; closing it closes the whole set.
 *
 * @throws OAL-D103 when `indices` is empty
 */
export function subsetImageSet(set: ImageSet, indices: ArrayLike<number>, name: string = set.name): ImageSet {
  const chosen = Int32Array.from(indices);
  if (chosen.length === 0)
    throw oalError("OAL-D103", { path: name, what: `no image of ${set.name} was chosen` });
  const description = {
    labels: chosen.map((i) => set.labels[checkedIndex(i, set.count, set.name)] ?? -1),
    ids: Array.from(chosen, (i) => set.ids[i] ?? ""),
    classNames: set.classNames,
  };
  return {
    name,
    count: chosen.length,
    height: set.height,
    width: set.width,
    channels: 3,
    ...description,
    contentHash: hashOfSet([set.contentHash, createHash("sha256").update(chosen).digest("hex")], description),
    read(indicesOfPart, out) {
      const whole = new Int32Array(indicesOfPart.length);
      for (let i = 0; i < whole.length; i++) {
        whole[i] = chosen[checkedIndex(indicesOfPart[i], chosen.length, name)] ?? 0;
      }
      return set.read(whole, out);
    },
    close: () => set.close(),
  };
}

/** The index, or OAL-X101 when it lies outside the set. */
export function checkedIndex(index: number | undefined, count: number, name: string): number {
  if (index === undefined || !(index >= 0 && index < count)) {
    throw oalError("OAL-X101", { problem: `image ${index} of ${count} asked of ${name}` });
  }
  return index;
}
