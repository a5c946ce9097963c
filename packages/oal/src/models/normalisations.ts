/** Normalisations that models are trained with, and what the arithmetic inside a file tells of them. */
import { normalisations, type ModelFacts, type PixelNormalisation } from "oal-core";

const grey = (value: number): [number, number, number] => [value, value, value];

/** The usual ones, by name: v = (pixel / 255 - mean) / std. */
export const namedNormalisations = {
  imagenet: normalisations.imagenet,
  "-1..1": { mean: grey(0.5), std: grey(0.5) },
  "0..1": { mean: grey(0), std: grey(1) },
  "0..255": { mean: grey(0), std: grey(1 / 255) },
  /** OpenAI's CLIP. */
  clip: { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] },
  /** Caffe's: blue, green, red from 0 to 255 without ImageNet's mean. */
  caffe: {
    mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
    std: grey(1 / 255),
    order: "bgr",
  },
} as const satisfies Readonly<Record<string, PixelNormalisation>>;

/** A normalisation that a file itself tells of, and by what. */
type ToldNormalisation = PixelNormalisation & { readonly name: string; readonly evidence: readonly string[] };

/** What a file that takes whole numbers wants pixels as: nothing stands before them. Null for any other. */
export function wholeNumbers({ input: { name, dtype } }: ModelFacts): ToldNormalisation | null {
  if (!dtype.includes("int")) return null;
  return {
    ...namedNormalisations["0..255"],
    name: "0..255",
    evidence: [`The input ${name} takes 8-bit pixels as they are.`],
  };
}

/** What a file that does arithmetic on pixels itself wants them as; null where nothing is seen. */
export function innerNormalisation({ preprocessingInside }: ModelFacts): ToldNormalisation | null {
  if (!preprocessingInside) return null;
  const { scale, shift } = preprocessingInside;
  const numbers = (values: readonly number[]): string =>
    [...new Set(values.map((value) => String(Number(value.toPrecision(4)))))].join(", ");
  const told = `The file itself makes x into ${numbers(scale)} x ${shift.some((value) => value < 0) ? "-" : "+"} ${numbers(shift.map(Math.abs))}`;
  // What comes out for the brightest pixel says what the file counts on: 255 or 1.
  const largest = Math.max(...scale.map(Math.abs));
  if (largest < 0.03)
    return {
      ...namedNormalisations["0..255"],
      name: "0..255",
      evidence: [`${told}: it counts on pixels from 0 to 255.`],
    };
  if (scale.every((value) => value > 1.5 && value < 8))
    return {
      ...namedNormalisations["0..1"],
      name: "0..1",
      evidence: [`${told}: it counts on pixels from 0 to 1.`],
    };
  return null;
}
