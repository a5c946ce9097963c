/** The known pictures as a model of someone else sees them that teaches: resized by its own rule, row by row those of the run. */
import type { ImageSet } from "../../data/imageSet.js";
import { seesAsStudent } from "../configuration/initSection.js";
import type { Configuration } from "../configuration/schema.js";
import type { Workshop } from "../plan/obtain.js";
import type { Preflight } from "../preflight.js";
import { picturesFor, readSets } from "../readSets.js";
import type { PreparedData } from "./data.js";

/** The known pictures of a run. */
export interface KnownSets {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
}

/** Bytes of decoded pictures up to which they are read anew from their files. */
const mostBytes = 4e9;

/** The pictures that the teacher of a run looks at. */
export function knownForTeacher({ teacher, train, validation, test }: PreparedData): KnownSets {
  return teacher ?? { train: train.set, validation: validation.set, test: test.set };
}

/**
 * Reads the known pictures for the teacher.
 *
 * @param images how many there are
 * @returns null where the run's own pictures serve: there is no such teacher, its rule is theirs, they are drawn, or decoded anew they
 *   would be too many; they are then resized for it
 */
export async function teacherViews(
  config: Configuration,
  ahead: Preflight,
  workshop: Workshop,
  images: number,
): Promise<KnownSets | null> {
  const { teacher, init } = ahead.models;
  if (!teacher || config.data.source === "embedded" || seesAsStudent(config)) return null;
  const rule = picturesFor(config.data.size, teacher);
  if (JSON.stringify(rule) === JSON.stringify(picturesFor(config.data.size, init))) return null;
  const bytes = images * 3 * rule.crop ** 2;
  if (bytes > mostBytes) {
    const size = `${(bytes / 1e9).toFixed(0)} GB`;
    const own = `${config.data.size} pixels`;
    workshop.events
      .stage("data")
      .message(
        `decoded for the teacher at ${rule.crop} pixels the pictures would take ${size}: those of ${own} are enlarged for it`,
      );
    return null;
  }
  const known = ahead.sets
    .filter(({ role }) => role !== "ood" && role !== "outliers")
    .map(({ key: _ofOtherSize, ...set }) => set);
  const { plan } = ahead;
  const { train, validation, test } = await readSets(
    { ...config, data: { ...config.data, embeddedOod: false, drawnValidation: false } },
    { ...ahead, sets: known, plan: { ...plan, ood: [] }, models: { init: teacher } },
    workshop,
  );
  return { train, validation, test };
}
