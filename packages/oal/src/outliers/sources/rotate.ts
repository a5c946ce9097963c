/** Training pictures turned by a quarter, a half or three quarters: near what is known in everything but how it stands. */
import { Random } from "oal-core";
import { defineSource, noOptions } from "./source.js";

/**
 * Source "rotate". Row i is training picture i, turned anew in every step by 90, 180 or 270 degrees, each as likely.
 *
 * Not for classes that look like others, or like themselves, when turned: of digits a 6 becomes a 9 and a 0 stays one. The embedded
 * digits are refused; for your own classes validation unknowns decide (`oal search`).
 *
 * @source rotations as outliers: Hendrycks et al. 2019 (arXiv 1906.12340) and Tack et al. 2020 (CSI, arXiv 2007.08176)
 */
export const rotatedPictures = defineSource({
  id: "rotate",
  title: "training pictures turned by 90, 180 or 270 degrees, made in the batch",
  formula: "x turned by 90, 180 or 270 degrees, each as likely",
  source: "Hendrycks et al. 2019 (arXiv 1906.12340); as outliers Tack et al. 2020 (CSI, arXiv 2007.08176)",
  schema: noOptions,
  byClass: true,
  refuses: ({ isEmbedded }) =>
    isEmbedded ? "digits that are turned are other digits: a 6 becomes a 9, a 0 stays one" : null,
  open: ({ images, seed, imageSize }) => {
    const random = new Random(seed, "outliers/rotate");
    const plane = imageSize * imageSize;
    return Promise.resolve({
      count: images.count,
      pictures: (rows, step) => {
        const upright = images.read(rows);
        const draws = random.uniforms(step, rows.length);
        const turned = new Uint8Array(upright.length);
        for (let at = 0; at < 3 * rows.length; at++) {
          const quarters = 1 + Math.floor(3 * (draws[Math.floor(at / 3)] ?? 0));
          const own = upright.subarray(at * plane, (at + 1) * plane);
          turn(own, turned.subarray(at * plane, (at + 1) * plane), imageSize, quarters);
        }
        return turned;
      },
    });
  },
});

/** A square plane turned anticlockwise by so many quarters, 1 to 3. */
function turn(plane: Uint8Array, out: Uint8Array, size: number, quarters: number): void {
  const last = size - 1;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const from =
        quarters === 1
          ? x * size + last - y
          : quarters === 2
            ? (last - y) * size + last - x
            : (last - x) * size + y;
      out[y * size + x] = plane[from] ?? 0;
    }
}
