/** Shared parts of MaxPool and AveragePool. */
import type { Tensor } from "../tensor.js";
import { at } from "./access.js";
import { tensorOf } from "./broadcasting.js";
import { gridOf, windowAttributes, windowNode, type PairLike, type Windows } from "./windows.js";

/** Attributes of both pools. */
export const poolAttributes = {
  kernel_shape: windowAttributes.kernel_shape,
  strides: windowAttributes.strides,
  dilations: windowAttributes.dilations,
  pads: windowAttributes.pads,
  auto_pad: windowAttributes.auto_pad,
  ceil_mode: "int",
} as const;

/** How a pool's windows look and move; a single number means both image axes. */
export interface PoolOptions {
  readonly kernel: PairLike;
  /** Default: the kernel, as in PyTorch. */
  readonly strides?: PairLike;
  /** One number, [rows, columns] or [top, left, bottom, right]. Default 0. */
  readonly pads?: PairLike;
  readonly dilations?: PairLike;
  /** Adds windows that reach beyond the end. Default false. */
  readonly ceilMode?: boolean;
}

/** Node attributes of a pool. */
export function poolNode(options: PoolOptions): Record<string, number | readonly number[]> {
  const attributes: Record<string, number | readonly number[]> = windowNode({
    ...options,
    strides: options.strides ?? options.kernel,
  });
  if (options.ceilMode === true) attributes["ceil_mode"] = 1;
  return attributes;
}

/** Plain pooling: a function of the elements of each window that lie inside the image, and of the padded window's size. */
export function pool(
  x: Tensor,
  windows: Windows,
  ceilMode: boolean,
  compute: (elements: readonly number[], paddedCount: number) => number,
): Tensor {
  const [images, channels, height, width] = [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2), at(x.shape, 3)];
  const [rows, columns] = gridOf(windows, x.shape, ceilMode);
  const { kernel, strides, dilations, pads } = windows;
  const values = new Float64Array(images * channels * rows * columns);
  for (let position = 0; position < values.length; position++) {
    const column = position % columns;
    const row = Math.floor(position / columns) % rows;
    const plane = Math.floor(position / columns / rows) * height * width;
    const elements: number[] = [];
    let paddedCount = 0;
    for (let i = 0; i < kernel[0]; i++) {
      const h = row * strides[0] + i * dilations[0] - pads[0];
      for (let j = 0; j < kernel[1]; j++) {
        const w = column * strides[1] + j * dilations[1] - pads[1];
        if (h < height + pads[2] && w < width + pads[3]) paddedCount++;
        if (h >= 0 && h < height && w >= 0 && w < width) elements.push(Number(x.data[plane + h * width + w]));
      }
    }
    values[position] = compute(elements, paddedCount);
  }
  return tensorOf(x.dtype, [images, channels, rows, columns], values);
}
