/** What detectors need that run inside the model: the pictures themselves, and the model with a head. */
import { areStored, oalError, type Classifier, type Detector } from "oal-core";
import type { Preprocessing } from "../bundle/facts.js";
import type { ModelSource } from "../evaluation/modelTaps.js";
import type { PixelSource } from "../evaluation/outputs.js";
import { passRows } from "../runtime/passRows.js";
import type { DrawnPicture } from "./drawn.js";
import type { LogitSource } from "./heads.js";
import { readAgain, type FitPicture } from "./pictures.js";

/** Bytes of pictures that are held at once at most: 7,000 pictures of 224 pixels a side. */
const mostBytes = 2 ** 30;
/** Pictures of 32 pixels a side that go through the model at once; of larger ones as many as have the same number of pixels. */
const batch = 250;

/** Whether a detector passes pictures through the model, in its fit or its score. */
export function runsInside({ needs, fitTaps }: Detector): boolean {
  return !areStored([...needs, ...fitTaps]);
}

/** Why the pictures of a fit cannot be held for detectors that run inside the model; undefined where they can. */
export function tooManyToHold(count: number, { crop }: Pick<Preprocessing, "crop">): string | undefined {
  const bytes = count * 3 * crop * crop;
  if (bytes <= mostBytes) return undefined;
  return `it runs inside the model, and ${count} pictures of ${crop} x ${crop} pixels would take ${(bytes / 2 ** 30).toFixed(1)} GB at once`;
}

/** The pictures of a fit as the model takes them. */
export class Planes {
  readonly #byHash: ReadonlyMap<string, Uint8Array>;
  readonly #bytes: number;

  private constructor(byHash: ReadonlyMap<string, Uint8Array>, bytes: number) {
    this.#byHash = byHash;
    this.#bytes = bytes;
  }

  /** Reads pictures, of which what the model says is known already. */
  static async read(
    pictures: readonly FitPicture[],
    drawn: readonly DrawnPicture[],
    rule: Preprocessing,
  ): Promise<Planes> {
    const found = await readAgain(pictures, rule);
    for (const { hash, planes } of drawn) found.set(hash, planes);
    return new Planes(found, 3 * rule.crop * rule.crop);
  }

  /** Some of them, in order. @throws OAL-D103 on reading one that is not there any more */
  of(hashes: readonly string[]): PixelSource {
    return {
      read: (start, end) => {
        const pixels = new Uint8Array((end - start) * this.#bytes);
        hashes.slice(start, end).forEach((hash, i) => {
          const planes = this.#byHash.get(hash);
          if (!planes) throw oalError("OAL-D103", { path: hash, what: "the picture is not there any more" });
          pixels.set(planes, i * this.#bytes);
        });
        return pixels;
      },
    };
  }
}

/** Pictures, and the model with a head. */
export interface Inside {
  readonly planes: Planes;
  /** Side of the pictures. */
  readonly size: number;
  /** Builds the model with a head in a graph of its own. */
  readonly classifier: (source: LogitSource) => () => Classifier;
}

/** The model with a head, as evaluations run it. */
export function insideSource({ size, classifier }: Inside, source: LogitSource): ModelSource {
  return { size, batch: passRows(batch, size), build: classifier(source) };
}
