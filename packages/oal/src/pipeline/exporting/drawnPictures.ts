/** Pictures that a formula draws, to run a written model with where there are none of the user's. */
import { Random } from "oal-core";

/**
 * Pictures of soft patterns and a little noise.
 *
 * @returns uint8, planes of red, green and blue, one picture behind the other
 */
export function drawnPictures(count: number, height: number, width: number): Uint8Array {
  const random = new Random(0, "exported model");
  const planes = new Uint8Array(count * 3 * height * width);
  let at = 0;
  for (let plane = 0; plane < count * 3; plane++) {
    const [a = 0, b = 0, phase = 0, level = 0] = random.uniforms(plane, 4);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const wave = Math.sin(6.283 * ((4 * a * x) / width + (4 * b * y) / height + phase));
        const noise = ((Math.imul(at + 1, 2_654_435_761) >>> 24) / 255 - 0.5) * 24;
        planes[at++] = Math.min(255, Math.max(0, 40 + 175 * level + 60 * wave + noise));
      }
  }
  return planes;
}
