/** A few pictures out of many, made ready for a model. */
import type { OalError } from "oal-core";
import { loadPicture, type NamedPicture } from "../bundle/pictures.js";
import type { Preprocessing } from "../bundle/facts.js";

/**
 * The planes of up to `most` pictures, spread evenly over all; those that cannot be read are passed over.
 *
 * @param count how many pictures there are
 * @returns each uint8 [3, S, S]
 * @throws the first picture's error when none can be read
 */
export async function samplePictures(
  pictures: AsyncIterable<NamedPicture> | Iterable<NamedPicture>,
  count: number,
  preprocessing: Preprocessing,
  most: number,
): Promise<Uint8Array[]> {
  const step = Math.max(1, count / most);
  const found: Uint8Array[] = [];
  let refusal: OalError | undefined;
  let [index, next] = [0, 0];
  const facts = {
    preprocessing,
    input: { layout: "nchw", resizing: "outside", height: null, width: null },
  } as const;
  for await (const picture of pictures) {
    if (index++ < Math.floor(next)) continue;
    const { input, error } = await loadPicture(picture, facts);
    refusal ??= error;
    if (!input) continue;
    next += step;
    found.push(input.data);
    if (found.length === most) break;
  }
  if (found.length === 0 && refusal) throw refusal;
  return interleaved(found);
}

/** Neighbours of a list are often of one class: every fourth first, so that the first few show several kinds. */
function interleaved<T>(list: readonly T[]): T[] {
  return [0, 1, 2, 3].flatMap((start) => list.filter((_, index) => index % 4 === start));
}
