/** The plain form of an embedded set, and the loop that fills one image by image from its own random numbers. */
import { Random } from "oal-core";
import { Draws, usualSize } from "./draws.js";

/** A set of images in memory. */
export interface EmbeddedSet {
  readonly name: string;
  /** uint8 [N, 3, S, S]. */
  readonly pixels: Uint8Array;
  /** int32 [N]: the digit, or -1 for every image of an OOD set. */
  readonly labels: Int32Array;
  /** The ten digits for ID sets; empty for OOD sets. */
  readonly classNames: readonly string[];
  /** What each image shows: "lato/7" (family and character) or "textures/marble". */
  readonly sources: readonly string[];
}

/** What one image is: its label and what it shows. */
export interface DrawnImage {
  readonly label: number;
  readonly source: string;
}

/**
 * Fills a set. Image i depends on (seed, name, i) alone: a longer set begins with the shorter one.
 *
 * @param name  name of the set, also the purpose of its random numbers
 * @param seed  seed of the run
 * @param extent  number of images, an integer >= 0, and their sides in pixels
 * @param classNames  names of the labels
 * @param draw  draws image i into `out`, uint8 [3, S, S]
 */
export function makeSet(
  name: string,
  seed: number,
  { count, size = usualSize }: { readonly count: number; readonly size?: number },
  classNames: readonly string[],
  draw: (index: number, draws: Draws, out: Uint8Array) => DrawnImage,
): EmbeddedSet {
  const random = new Random(seed, `data/embedded/${name}`);
  const bytes = 3 * size * size;
  const pixels = new Uint8Array(count * bytes);
  const labels = new Int32Array(count);
  const sources: string[] = [];
  for (let i = 0; i < count; i++) {
    const out = pixels.subarray(i * bytes, (i + 1) * bytes);
    const { label, source } = draw(i, new Draws(random, i, size), out);
    labels[i] = label;
    sources.push(source);
  }
  return { name, pixels, labels, classNames, sources };
}
