/** Images at other sizes: enlarged by whole factors, resampled, or averaged over windows that cover them. */
import { expectArguments, kinds } from "../../errors/index.js";
import { apply } from "../ops/apply.js";
import { averagePool2d } from "../ops/averagePool.js";
import { tensorOf } from "../ops/broadcasting.js";
import { aValue } from "../ops/operands.js";
import { matmul } from "../ops/matMul.js";
import { swapLast } from "../ops/transpose.js";
import { repeatBlocks, Resize } from "../ops/resize.js";
import { int64Tensor } from "../tensor.js";
import type { Value } from "../value.js";

/** How pixels between pixels are made. */
export interface ResizeOptions {
  /** Default "bilinear", without smoothing where an image is made smaller. */
  readonly mode?: "nearest" | "bilinear";
  /** Whether corner pixels keep their places (bilinear only). Default false: edges keep their places. */
  readonly alignCorners?: boolean;
}

/** Every pixel of [N, C, H, W] repeated factor x factor times: nearest-neighbour enlargement. */
export function resizeNearest(x: Value, factor: number): Value {
  expectArguments("resizeNearest", { x: [x, aValue], factor: [factor, kinds.positiveCount] });
  return repeatBlocks(x, [factor, factor]);
}

const aSize = kinds.listOf(kinds.positiveCount);

/**
 * [N, C, H, W] to [N, C, height, width]. Nearest takes pixel floor(i H / height); bilinear weighs the two pixels around
 * (i + 1/2) H / height - 1/2, or i (H - 1) / (height - 1) with aligned corners, as PyTorch's interpolate.
 *
 * @param size [height, width]
 */
export function resizeTo(x: Value, size: readonly number[], options: ResizeOptions = {}): Value {
  expectArguments("resizeTo", {
    x: [x, aValue],
    size: [size, aSize],
    options: [
      options,
      kinds.fields({
        mode: kinds.optional(kinds.oneOf(["nearest", "bilinear"])),
        alignCorners: kinds.optional(kinds.boolean),
      }),
    ],
  });
  const { mode = "bilinear", alignCorners = false } = options;
  const sizes = x.graph.constant(int64Tensor([4], [x.size(0), x.size(1), ...size]));
  return apply(
    Resize,
    [x, null, null, sizes],
    mode === "nearest"
      ? { mode, coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" }
      : { mode: "linear", coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel" },
  );
}

/**
 * [N, C, H, W] to [N, C, rows, columns]: element i of an axis is the mean over floor(i H / rows) up to ceil((i + 1) H / rows), so
 * windows overlap where the numbers do not divide, as in PyTorch's AdaptiveAvgPool2d.
 *
 * @param size [rows, columns]
 */
export function adaptiveAveragePool2d(x: Value, size: readonly number[]): Value {
  expectArguments("adaptiveAveragePool2d", { x: [x, aValue], size: [size, aSize] });
  const [rows = 1, columns = 1] = size;
  const [height, width] = [x.size(2), x.size(3)];
  const kernel = [height / rows, width / columns];
  if (kernel.every(Number.isInteger)) return averagePool2d(x, { kernel, strides: kernel });
  const down = x.graph.constant(tensorOf(x.dtype, [rows, height], averagingWeights(height, rows)));
  const across = x.graph.constant(tensorOf(x.dtype, [columns, width], averagingWeights(width, columns)));
  return matmul(matmul(down, x), swapLast(across));
}

/** Row i holds the weights of the elements that result i is the mean of. */
function averagingWeights(from: number, to: number): Float64Array {
  const weights = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    weights.fill(1 / (end - start), i * from + start, i * from + end);
  }
  return weights;
}
