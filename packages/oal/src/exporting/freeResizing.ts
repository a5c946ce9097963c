/**
 * Pre-processing of pictures of any size in a graph, by the engine's own antialiased Resize on bytes. It rounds elsewhere than
 * Pillow now and then, so that decisions may change.
 */
import {
  add,
  apply,
  cast,
  defineOperator,
  div,
  floor,
  gather,
  mul,
  slice,
  sub,
  type PreprocessSpec,
  type Value,
} from "oal-core";

const Shape = defineOperator({
  name: "Shape",
  sinceOpset: 15,
  attributes: { start: "int" },
  infer: () => [{ dtype: "int64", shape: [2] }],
});

const ReduceMin = defineOperator({
  name: "ReduceMin",
  sinceOpset: 18,
  attributes: { keepdims: "int" },
  infer: () => [{ dtype: "int64", shape: [1] }],
});

const FreeResize = defineOperator({
  name: "FreeResize",
  onnxType: "Resize",
  sinceOpset: 18,
  attributes: {
    antialias: "int",
    axes: "ints",
    mode: "string",
    coordinate_transformation_mode: "string",
    cubic_coeff_a: "float",
    exclude_outside: "int",
  },
  infer: ([images]) => [
    { dtype: "uint8", shape: [...(images?.shape.slice(0, 2) ?? []), "resizedHeight", "resizedWidth"] },
  ],
});

/** Rows and columns of the square, of images whose sides are not known before. */
const squareOf = (crop: number): ReturnType<typeof defineOperator> =>
  defineOperator({
    name: "SquareSlice",
    onnxType: "Slice",
    sinceOpset: 13,
    infer: ([images]) => [{ dtype: "uint8", shape: [...(images?.shape.slice(0, 2) ?? []), crop, crop] }],
  });

const modes = {
  bilinear: { mode: "linear", antialias: 1, exclude_outside: 1 },
  bicubic: { mode: "cubic", antialias: 1, exclude_outside: 1, cubic_coeff_a: -0.5 },
} as const;

/**
 * Resized to `resize`, central square of `crop`.
 *
 * @param images uint8 [N, 3, height, width], both open; all pictures of a batch have one size
 * @param spec `crop` is at most `resize`, and each of its sides
 * @returns uint8 [N, 3, crop, crop]
 */
export function preprocessFreely(images: Value, spec: PreprocessSpec): Value {
  const { graph } = images;
  const { resize, crop, interpolation = "bilinear" } = spec;
  return graph.scope("resize", () => {
    const sides = apply(Shape, [images], { start: 2 });
    const sizes =
      typeof resize === "object"
        ? graph.constant({ dtype: "int64", shape: [2], data: BigInt64Array.from(resize, BigInt) })
        : byShorterSide(sides, resize);
    const start = halfToEven(sub(sizes, crop));
    if (interpolation === "nearest") return gatherNearest(images, sides, sizes, start, crop);
    const resized = apply(FreeResize, [images, null, null, sizes], {
      axes: [2, 3],
      coordinate_transformation_mode: "half_pixel",
      ...modes[interpolation],
    });
    const axes = graph.constant({ dtype: "int64", shape: [2], data: BigInt64Array.of(2n, 3n) });
    return apply(squareOf(crop), [resized, start, add(start, crop), axes]);
  });
}

/** floor(resize * side / short): `resize` for the shorter side. */
function byShorterSide(sides: Value, resize: number): Value {
  return div(mul(sides, resize), apply(ReduceMin, [sides], { keepdims: 1 }));
}

/** The pixels that `resizeImage` takes without interpolation, by the same numbers of float64. */
function gatherNearest(images: Value, sides: Value, sizes: Value, start: Value, crop: number): Value {
  const middles = images.graph.constant({
    dtype: "float64",
    shape: [crop],
    data: Float64Array.from({ length: crop }, (_, i) => i + 0.5),
  });
  const rowOf = (pair: Value, at: number): Value => slice(pair, [at], [at + 1]);
  return [0, 1].reduce((picture, at) => {
    const scale = div(cast(rowOf(sides, at), "float64"), cast(rowOf(sizes, at), "float64"));
    const positions = floor(mul(add(middles, cast(rowOf(start, at), "float64")), scale));
    return gather(picture, cast(positions, "int64"), 2 + at);
  }, images);
}

/** x / 2 of whole numbers of at least 0, halves to the even neighbour, as `centreOffset` rounds. */
function halfToEven(x: Value): Value {
  const low = div(x, 2);
  const isHalf = sub(x, mul(low, 2));
  const isOdd = sub(low, mul(div(low, 2), 2));
  return add(low, mul(isHalf, isOdd));
}
