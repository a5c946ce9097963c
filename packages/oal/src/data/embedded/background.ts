/** What stands behind digits, other glyphs and shapes: plain, gradient, blotches, grain, stripes or checks, of related colours. */
import { clamp, cosine, sine, type Draws } from "./draws.js";
import { fill, nearColour, randomColour, type Canvas } from "./canvas.js";
import { cloudNoise, valueNoise } from "./fields.js";

const kinds = ["plain", "linear", "radial", "blotches", "grain", "stripes", "checks"] as const;

/** Paints a random background over the whole canvas. */
export function paintBackground(canvas: Canvas, draws: Draws): void {
  const first = randomColour(draws);
  const second = nearColour(draws, first, 0.45);
  const turn = draws.next();
  const [dx, dy] = [cosine(turn), sine(turn)];
  const { size, unit } = draws;
  const [cx, cy] = [draws.between(0, size), draws.between(0, size)];
  const period = draws.between(4, 14) * unit;
  const along = (x: number, y: number): number => (x - cx) * dx + (y - cy) * dy;
  switch (draws.pick(kinds)) {
    case "plain":
      return fill(canvas, first, first, () => 0);
    case "linear":
      return fill(canvas, first, second, (x, y) =>
        clamp(0.5 + along(x - size / 2 + cx, y - size / 2 + cy) / (40 * unit), 0, 1),
      );
    case "radial":
      return fill(canvas, first, second, (x, y) => {
        const distance = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy));
        return Math.min(1, distance / (2.5 * period));
      });
    case "blotches": {
      const noise = valueNoise(draws, period);
      return fill(canvas, first, second, (_x, _y, at) => noise[at] ?? 0);
    }
    case "grain": {
      const noise = cloudNoise(draws, 8, draws.between(0.6, 1.1));
      return fill(canvas, first, second, (_x, _y, at) => clamp(1.6 * (noise[at] ?? 0) - 0.3, 0, 1));
    }
    case "stripes":
      return fill(canvas, first, second, (x, y) => clamp(0.5 + 1.5 * sine(along(x, y) / period), 0, 1));
    case "checks":
      return fill(canvas, first, second, (x, y) => {
        const u = sine(along(x, y) / (2 * period));
        const v = sine(along(y, -x) / (2 * period));
        return clamp(0.5 + 6 * u * v, 0, 1);
      });
  }
}
