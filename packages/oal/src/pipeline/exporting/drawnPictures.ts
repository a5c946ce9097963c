/** Pictures that a formula draws, to run a written model with where there are none of the user's. */
import { Random, type RgbImage } from "oal-core";

/** A picture of soft patterns and a little noise, another one for every index. */
export function drawnPicture(index: number, height: number, width: number): RgbImage {
  const random = new Random(0, "exported model");
  const data = new Uint8Array(3 * height * width);
  for (let channel = 0; channel < 3; channel++) {
    const [a = 0, b = 0, phase = 0, level = 0] = random.uniforms(3 * index + channel, 4);
    for (let at = channel; at < data.length; at += 3) {
      const [y, x] = [Math.floor(at / 3 / width), Math.floor(at / 3) % width];
      const wave = Math.sin(6.283 * ((4 * a * x) / width + (4 * b * y) / height + phase));
      const noise = ((Math.imul(at + 1 + index, 2_654_435_761) >>> 24) / 255 - 0.5) * 24;
      data[at] = Math.min(255, Math.max(0, 40 + 175 * level + 60 * wave + noise));
    }
  }
  return { height, width, data };
}
