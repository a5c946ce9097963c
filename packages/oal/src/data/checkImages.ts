/** Decodes every image of some sources, one at a time, to find those that cannot be read and those that are the same picture. */
import { createHash } from "node:crypto";
import type { RgbImage } from "oal-core";
import { problemOfImage, spacedPositions, type Skipped } from "./badImages.js";
import { type DecodeOptions, pixelsOf } from "./decode.js";
import type { OpenSource, SourceSpec } from "./readers/reader.js";

/** Where an image was met. */
export interface ImagePlace {
  /** Name of the set. */
  readonly set: string;
  readonly id: string;
  /** Name of its class; null for an image of none. */
  readonly className: string | null;
}

/** How a check tells how far it is, and is stopped. */
export interface CheckOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** As the run would decode. */
  readonly decoding?: DecodeOptions;
}

/** A check of several sources, whose images are compared with each other. Keeps about 100 bytes per image. */
export class ImageCheck {
  readonly #first = new Map<string, ImagePlace>();
  readonly #repeats = new Map<string, ImagePlace[]>();

  /**
   * Decodes the images of one source that a run would use.
   *
   * @returns those that cannot be read, in the source's order
   */
  async add(
    set: string,
    source: OpenSource,
    spec: SourceSpec,
    { onProgress, signal, decoding = {} }: CheckOptions = {},
  ): Promise<Skipped[]> {
    const positions = spacedPositions(source.ids.length, spec.limit);
    const unreadable = new Map<number, Skipped>();
    let done = 0;
    for await (const item of source.read(new Set(positions))) {
      signal?.throwIfAborted();
      try {
        this.#note(await pixelsOf(item, decoding), {
          set,
          id: item.id,
          className: source.classNames[item.label] ?? null,
        });
      } catch (error) {
        unreadable.set(item.position, { id: item.id, ...problemOfImage(error) });
      }
      onProgress?.(++done, positions.length);
    }
    return [...unreadable].sort(([a], [b]) => a - b).map(([, image]) => image);
  }

  /** Groups of images that are pixel for pixel the same, in the order in which they were met. */
  duplicates(): ImagePlace[][] {
    return [...this.#repeats].map(([key, others]) => {
      const first = this.#first.get(key);
      return first ? [first, ...others] : others;
    });
  }

  #note({ height, width, data }: RgbImage, place: ImagePlace): void {
    const key = createHash("sha256").update(`${height}x${width} `).update(data).digest("base64");
    const others = this.#repeats.get(key);
    if (others) others.push(place);
    else if (this.#first.has(key)) this.#repeats.set(key, [place]);
    else this.#first.set(key, place);
  }
}
