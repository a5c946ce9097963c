/** The unknown pictures of a fit: which of them may choose, and which measure. */
import { printable } from "oal-core";
import type { Skipped } from "../data/badImages.js";
import type { OutputReader } from "./outputs.js";
import { openUnknown, type Copies, type FitPicture } from "./pictures.js";

/** Fewest unknown pictures that are divided: of fewer all measure. */
const fewestDivided = 40;

/** Unknown pictures, each content once. */
export interface UnknownPictures {
  readonly path: string;
  /** The first half by name; empty where there are too few. */
  readonly choosing: readonly FitPicture[];
  readonly measuring: readonly FitPicture[];
  readonly unreadable: readonly Skipped[];
  readonly copies: readonly Copies[];
  readonly overlaps: readonly { readonly unknown: string; readonly known: string }[];
  /** How they were used. */
  readonly sentence: string;
  readonly warnings: readonly string[];
}

/**
 * Reads unknown pictures. One that is a known picture, byte for byte, is no unknown one.
 *
 * @param known  all known pictures, left-out ones too
 */
export async function readUnknown(
  path: string,
  reader: OutputReader,
  known: readonly FitPicture[],
): Promise<UnknownPictures> {
  const found = await openUnknown(path);
  const { pictures, unreadable } = await reader.read(found);
  const knownBy = new Map(known.map(({ hash, id }) => [hash, id]));
  const overlaps: { unknown: string; known: string }[] = [];
  const byHash = new Map<string, FitPicture[]>();
  for (const picture of pictures) {
    const same = knownBy.get(picture.hash);
    if (same !== undefined) overlaps.push({ unknown: picture.id, known: same });
    else byHash.set(picture.hash, [...(byHash.get(picture.hash) ?? []), picture]);
  }
  const kept = [...byHash.values()].flatMap((own) => own.slice(0, 1));
  kept.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const copies = [...byHash.values()].flatMap((own) =>
    own.length > 1 ? [{ ids: own.map(({ id }) => id) }] : [],
  );
  const half = kept.length < fewestDivided ? 0 : Math.floor(kept.length / 2);
  const sentence =
    half === 0
      ? allMeasure(kept.length)
      : `Of ${kept.length} unknown pictures the first ${half} by name may choose the detector; the other ${kept.length - half} measure.`;
  const [overlap] = overlaps;
  const warnings = [
    ...found.warnings,
    ...(overlap
      ? [
          `${overlaps.length === 1 ? "1 unknown picture is a known one" : `${overlaps.length} unknown pictures are known ones`} and ${overlaps.length === 1 ? "counts" : "count"} as known only: ${overlaps
            .slice(0, 5)
            .map((each) => `${printable(each.unknown)} = ${printable(each.known)}`)
            .join(", ")}${overlaps.length > 5 ? ", ..." : ""}`,
        ]
      : []),
    ...(unreadable[0]
      ? [
          `${unreadable.length === 1 ? "1 unknown picture" : `${unreadable.length} unknown pictures`} cannot be read and ${unreadable.length === 1 ? "is" : "are"} left out: ${printable(unreadable[0].id)}${unreadable.length > 1 ? ", ..." : ""}`,
        ]
      : []),
    ...(kept.length === 0 ? ["no unknown picture is left to measure with"] : []),
  ];
  return {
    path,
    choosing: kept.slice(0, half),
    measuring: kept.slice(half),
    unreadable,
    copies,
    overlaps,
    sentence,
    warnings,
  };
}

function allMeasure(count: number): string {
  if (count === 0) return "No unknown picture is left, so none chooses and none measures.";
  return `${count === 1 ? "The only unknown picture measures" : `All ${count} unknown pictures measure`}: with fewer than ${fewestDivided} none can be spared for choosing.`;
}
