/** Pictures of the classes mixed with fractals and with changed copies of themselves; their labels stay. */
import { Random } from "oal-core";
import { z } from "zod";
import { positive, whole } from "../../fields.js";
import { drawFractal, fractalColours, fractalDraws } from "../../data/fractal.js";
import { pixMix, pixMixDraws } from "../../data/pixMix.js";
import { defineMethod } from "./method.js";

/** Pixels that a mixing picture has more on a side than the pictures, per 32: it is cut at a drawn place. */
const margin = 4;

/** The fractals that pictures are mixed with, drawn when first asked for. */
function fractals(seed: number, side: number, count: number): (draw: number) => Uint8Array {
  const random = new Random(seed, "pixMix/fractals");
  const known = new Map<number, Uint8Array>();
  return (draw) => {
    const index = Math.floor(draw * count);
    const found = known.get(index) ?? new Uint8Array(3 * side * side);
    if (known.has(index)) return found;
    const colours = Uint8Array.from(
      random.derive("colours").uniforms(index, 3 * fractalColours),
      (draw) => draw * 256,
    );
    drawFractal(random.uniforms(index, fractalDraws(side)), colours, side, found);
    known.set(index, found);
    return found;
  };
}

/** Changes the batch's pictures by `pixMix`; it has no term of its own. */
export const pixMixMethod = defineMethod({
  id: "pixMix",
  title: "Pictures mixed with fractals",
  source:
    "Hendrycks et al. 2022, PixMix: Dreamlike Pictures Comprehensively Improve Safety Measures, figure 4; mixing pictures are fractals drawn here, where the paper also takes pictures that excite single units of networks",
  section: "pixMix",
  about: "pictures mixed with fractals and changed copies",
  schema: z.strictObject({
    rounds: whole(4, 0, 16, "most mixing rounds of a picture"),
    beta: positive(3, 100, "β: the larger, the less a round changes"),
    severity: positive(3, 10, "strength of the changes of copies, in tenths of the strongest"),
    fractals: whole(512, 1, 100_000, "mixing pictures; drawn when they are first used"),
  }),
  terms: {},
  change: ({ seed, imageSize }, spec) => {
    const side = imageSize + Math.round((margin * imageSize) / 32);
    const mixing = { side, at: fractals(seed, side, spec.fractals) };
    const random = new Random(seed, "pixMix");
    const count = pixMixDraws(spec);
    return (pixels, step) => {
      const size = 3 * imageSize * imageSize;
      const images = pixels.length / size;
      const draws = random.uniforms(step, images * count);
      const out = new Uint8Array(pixels.length);
      for (let i = 0; i < images; i++) {
        const [from, to] = [i * size, (i + 1) * size];
        const own = draws.subarray(i * count, (i + 1) * count);
        pixMix(pixels.subarray(from, to), imageSize, mixing, own, spec, out.subarray(from, to));
      }
      return out;
    };
  },
  build: () => ({}),
});
