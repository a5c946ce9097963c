/** Places of patches for other grids, against PyTorch 1.13's bicubic interpolation with antialiasing, which timm takes. */
import { float32Tensor } from "oal-core";
import { expect, it } from "vitest";
import { resampledPlaces } from "./places.js";

/** Places of a grid, the class token's first: quarters that follow a formula. */
const grid = (side: number, width: number) =>
  float32Tensor(
    [1, side * side + 1, width],
    Array.from({ length: side * side + 1 }, (_, i) =>
      Array.from({ length: width }, (_value, d) => ((7 * i * i + 3 * i * d + d) % 11) / 4 - 1),
    ).flat(),
  );

// prettier-ignore
const torch: readonly (readonly [side: number, to: number, width: number, values: readonly number[]])[] = [
  [3, 5, 2, [
    -1.0, -0.75, 0.87602, -1.11606, 0.67301, -0.94452, 0.42453, -0.53774, 0.75486, 0.32241, 1.00285, 0.84719, 0.26918, -0.65306,
    0.493, -0.55427, 0.87313, -0.27985, 1.12358, 0.44793, 1.24634, 0.89996, -0.65094, 0.0, 0.20149, -0.03358, 1.5, 0.0, 1.58955,
    0.48694, 1.5, 0.8066, -0.69002, -0.25366, 0.08254, -0.41961, 1.22015, -0.62687, 1.07438, -0.38076, 0.84694, -0.19347, -0.61036,
    -0.49715, 0.03696, -0.73585, 0.96226, -1.07547, 0.67861, -0.96174, 0.38394, -0.84719,
  ]],
  [5, 2, 2, [-1.0, -0.75, 0.51101, -0.3844, 0.54871, -0.11186, 0.46053, -0.27677, 0.53163, -0.37296]],
  [4, 6, 1, [
    -1.0, 0.71819, 0.53618, 0.51842, 1.11384, 0.23916, -0.71035, 1.17144, 1.13322, 0.92419, 0.41098, 0.22837, 0.21382, 1.42029,
    1.5672, 1.19254, -0.49584, 0.12309, 1.15993, 0.61534, 0.83435, 0.6098, -0.86491, -0.17211, 0.86854, 0.41505, 0.72232, 0.64631,
    -0.67695, 0.14533, 1.25716, 0.46602, 0.8303, 0.84442, -0.39924, 0.51316, 1.682,
  ]],
];

it.each(torch)("a grid of side %i becomes one of side %i", (side, to, width, values) => {
  const made = resampledPlaces(grid(side, width), to * to + 1);
  expect(made?.shape).toEqual([1, to * to + 1, width]);
  values.forEach((value, i) => expect(Number(made?.data[i]), `place ${i}`).toBeCloseTo(value, 4));
});

it("is the same for its own grid, and nothing where a grid is no square", () => {
  expect(resampledPlaces(grid(3, 2), 10)?.data).toEqual(grid(3, 2).data);
  expect(resampledPlaces(grid(3, 2), 9)).toBeUndefined();
  expect(resampledPlaces(float32Tensor([1, 9, 1], new Float32Array(9)), 10)).toBeUndefined();
});
