/** Which classes stay known when their pictures are changed, as a digit 0 does that is turned by a half. */
import { sharesBelow, sureness, type TeacherView } from "../../outliers/setAudit.js";
import type { OutlierPictures } from "../../training/side/outliers.js";
import type { ImageSet } from "../../data/imageSet.js";

/** How often each validation picture is changed. */
const changesPerPicture = 3;
/** Bytes of changed pictures that are made together. */
const bytesTogether = 2 ** 26;

/** Pictures as the teacher is shown them: uint8 [count, 3, size, size]. */
export interface Drawn {
  readonly count: number;
  readonly size: number;
  readonly pixels: Uint8Array;
}

/** What is looked at. */
export interface ChangedRequest {
  /** The source, opened on the validation pictures: its row i is picture i, changed. */
  readonly changed: Pick<OutlierPictures, "pictures">;
  readonly validation: Pick<ImageSet, "count" | "height" | "labels">;
  /** What the teacher says of the unchanged validation pictures. */
  readonly known: TeacherView;
  /** Asks the teacher. */
  readonly look: (drawn: Drawn) => Promise<TeacherView>;
}

/** Validation pictures that are changed together, at least one. */
function rowsTogether(size: number): number {
  return Math.max(1, Math.floor(bytesTogether / (3 * size * size)));
}

/** How many slices a set is changed in: a picture's draws depend on the slice that it is in. */
export function changedSlices({ count, height }: Pick<ImageSet, "count" | "height">): number {
  return Math.max(1, Math.ceil(count / rowsTogether(height)));
}

/**
 * Of every class the share of its changed validation pictures that the teacher is as sure of as of half of the unchanged ones, whichever
 * class it takes them for. Each picture is changed three times. Large sets are changed slice by slice, each for steps of its own, so that
 * memory holds one slice.
 *
 * @returns by label, in the order in which labels come up
 */
export async function sharesThatStay({
  changed,
  validation: { count, height, labels },
  known,
  look,
}: ChangedRequest): Promise<ReadonlyMap<number, number>> {
  const usual = sureness(known);
  const together = rowsTogether(height);
  const slices = changedSlices({ count, height });
  const taken = new Map<number, { stays: number; of: number }>();
  const rows = Array.from({ length: count }, (_, row) => row);
  for (let change = 0; change < changesPerPicture; change++) {
    const found = new Float64Array(count);
    for (let slice = 0; slice < slices; slice++) {
      const own = rows.slice(slice * together, (slice + 1) * together);
      const pixels = changed.pictures(own, change + changesPerPicture * slice);
      found.set(sureness(await look({ count: own.length, size: height, pixels })), slice * together);
    }
    for (const label of new Set(labels)) {
      const own = rows.filter((row) => labels[row] === label);
      const of = (values: Float64Array): number[] => own.map((row) => values[row] ?? 0);
      const stays = sharesBelow(of(found), of(usual)).filter((share) => share >= 0.5).length;
      const before = taken.get(label) ?? { stays: 0, of: 0 };
      taken.set(label, { stays: before.stays + stays, of: before.of + own.length });
    }
  }
  return new Map([...taken].map(([label, { stays, of }]) => [label, stays / of]));
}
