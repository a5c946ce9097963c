/** Drawn pictures that no camera took: far unknowns that need no folder, brought to the model's picture size. */
import { createHash } from "node:crypto";
import { makeFar, type FarSet } from "../data/embedded/farOod.js";
import type { Preprocessing } from "../bundle/facts.js";
import { planesOfImage } from "./pictures.js";

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

/** The same pictures for every fit with a picture size. */
export function drawnPictures(rule: Preprocessing): DrawnPicture[] {
  const whole = { ...rule, resize: rule.crop };
  return kinds.flatMap((kind) => {
    const { pixels, sources } = makeFar(kind, perKind, 0);
    const size = Math.sqrt(pixels.length / perKind / 3);
    const plane = size * size;
    return Array.from({ length: perKind }, (_, i) => {
      const own = pixels.subarray(i * 3 * plane, (i + 1) * 3 * plane);
      const data = new Uint8Array(3 * plane);
      for (let at = 0; at < plane; at++)
        for (let channel = 0; channel < 3; channel++) data[3 * at + channel] = own[channel * plane + at] ?? 0;
      const planes = planesOfImage({ width: size, height: size, data }, whole);
      const hash = createHash("sha256").update("drawn ").update(planes).digest("hex");
      return { id: `${sources[i] ?? kind} ${i + 1}`, hash, planes };
    });
  });
}
