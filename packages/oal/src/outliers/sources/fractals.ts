/** Fractals in the colours of training pictures: shapes in shapes, and none that anybody knows. */
import { Random } from "oal-core";
import { drawFractal, fractalColours, fractalDraws } from "../../data/fractal.js";
import { defineSource, noOptions } from "./source.js";

/**
 * Source "fractals". Row i is a fractal (fractal.ts has the formula) drawn anew in every step, with colours of pixels of training
 * picture i, so that colours alone do not tell it from what is known.
 *
 * @source fractals as pictures to learn from: Kataoka et al. 2020 (arXiv 2101.08515), Anderson and Farrell 2022 (arXiv 2110.03091); beside
 * known pictures: Hendrycks et al. 2022 (PixMix, arXiv 2112.05135)
 */
export const fractalPictures = defineSource({
  id: "fractals",
  title: "fractals in the colours of training pictures, drawn in the batch",
  formula: "the attractor of 2 to 4 drawn affine maps, by the chaos game, in colours of a picture",
  source:
    "Barnsley 1988; Kataoka et al. 2020 (arXiv 2101.08515); Anderson and Farrell 2022 (arXiv 2110.03091)",
  schema: noOptions,
  open: ({ images, seed, imageSize }) => {
    const random = new Random(seed, "outliers/fractals");
    const plane = imageSize * imageSize;
    const perFractal = fractalDraws(imageSize);
    const perPicture = fractalColours + perFractal;
    return Promise.resolve({
      count: images.count,
      pictures: (rows, step) => {
        const pictures = images.read(rows);
        const draws = random.uniforms(step, rows.length * perPicture);
        for (let i = 0; i < rows.length; i++) {
          const own = draws.subarray(i * perPicture, (i + 1) * perPicture);
          const picture = pictures.subarray(i * 3 * plane, (i + 1) * 3 * plane);
          const colours = Uint8Array.from({ length: 3 * fractalColours }, (_, at) => {
            const pixel = Math.floor((own[Math.floor(at / 3)] ?? 0) * plane);
            return picture[(at % 3) * plane + pixel] ?? 0;
          });
          drawFractal(own.subarray(fractalColours), colours, imageSize, picture);
        }
        return pictures;
      },
    });
  },
});
