/** Far-OOD: procedural textures, shapes, noise and photo-like fields, all through the same camera as the digits. */
import { finish, type Canvas } from "./canvas.js";
import type { Draws } from "./draws.js";
import { drawField, drawNoise } from "./scenes.js";
import { makeSet, type EmbeddedSet } from "./set.js";
import { drawShapes } from "./shapes.js";
import { drawTexture } from "./textures.js";

const painters = {
  textures: drawTexture,
  shapes: drawShapes,
  noise: drawNoise,
  fields: drawField,
} satisfies Record<string, (draws: Draws, index: number) => { canvas: Canvas; kind: string }>;

/** Names of the far-OOD sets. */
export type FarSet = keyof typeof painters;

/**
 * One far-OOD set; its kinds (marble, star, pink, ...) follow each other cyclically.
 *
 * @param count  number of images, an integer >= 0
 * @param seed  seed of the run
 * @param size  sides of the images in pixels
 */
export function makeFar(name: FarSet, count: number, seed: number, size: number): EmbeddedSet {
  return makeSet(name, seed, { count, size }, [], (index, draws, out) => {
    const { canvas, kind } = painters[name](draws, index);
    finish(canvas, draws, out);
    return { label: -1, source: `${name}/${kind}` };
  });
}
