/** Drawn pictures that no camera took: far unknowns that need no folder, of the model's picture size. */
import { createHash } from "node:crypto";
import { makeFar, type FarSet } from "../data/embedded/farOod.js";
import type { Preprocessing } from "../bundle/facts.js";

const kinds: readonly FarSet[] = ["textures", "shapes", "noise", "fields"];
/** Pictures of each kind. */
const perKind = 12;

/** A drawn picture. */
export interface DrawnPicture {
  /** What it shows: "textures/marble". */
  readonly id: string;
  readonly hash: string;
  /** uint8 [3, S, S] */
  readonly planes: Uint8Array;
}

/** The same pictures for every fit with a picture size, drawn at that size. */
export function drawnPictures({ crop: side }: Preprocessing): DrawnPicture[] {
  const bytes = 3 * side * side;
  return kinds.flatMap((kind) => {
    const { pixels, sources } = makeFar(kind, perKind, 0, side);
    return sources.map((source, i) => {
      const planes = pixels.slice(i * bytes, (i + 1) * bytes);
      const hash = createHash("sha256").update("drawn ").update(planes).digest("hex");
      return { id: `${source} ${i + 1}`, hash, planes };
    });
  });
}
