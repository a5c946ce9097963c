/**
 * The tests of one folder of reference values: one per case of its manifest, whatever the set. What each compared goes with
 * the test (`meta`) to the table that is printed after all tests. A case of a kind that `check` does not know is an error
 * there, and so is a tensor of the reference that nothing was compared with.
 */
import { describe, it, type TestContext } from "vitest";
import { loadManifest, referenceRoot, shareOf, type GoldenCase, type GoldenEntry } from "./golden.js";

/** The folders of reference values that have tests. */
export const goldenFolders = [
  "boundary",
  "club",
  "club-original",
  "deep-club",
  "detectors",
  "dt",
  "import",
  "import/mini-sd",
  "import/weights",
  "import/wild",
  "layers",
  "metrics",
  "oal-loss",
  "optim",
  "preprocess",
  "resnet",
  "samplers",
] as const;

/** One of them. */
export type GoldenFolder = (typeof goldenFolders)[number];

/** What a test compared of a case. */
export interface GoldenNote {
  readonly folder: GoldenFolder;
  readonly id: string;
  /** Tensors compared. */
  readonly tensors: number;
  /** Largest deviation as a share of its tolerance, and of which tensor. */
  readonly worst: number;
  readonly of: string;
  /** What oal does not have yet that this case is about; nothing was compared then. */
  readonly awaits?: string;
}

declare module "vitest" {
  interface TaskMeta {
    golden?: GoldenNote;
  }
}

/** How a folder is tested. */
export interface GoldenCheck {
  /** Compares a case; throws for a kind that it does not know. */
  readonly check: (golden: GoldenCase) => void | Promise<void>;
  /** Why an entry is not compared; undefined for one that must be. */
  readonly leaves?: (entry: GoldenEntry, golden: GoldenCase) => string | undefined;
  /** What oal does not have yet that a case is about; undefined for a case that is compared. */
  readonly awaits?: (golden: GoldenCase) => string | undefined;
}

/** Says for the table what a test compared of a case. */
export function noteGolden({ task }: Pick<TestContext, "task">, note: GoldenNote): void {
  task.meta.golden = note;
}

/** The note of the tensors of a case by name with their shares of the tolerance. */
export function noteOf(
  folder: GoldenFolder,
  id: string,
  shares: readonly (readonly [name: string, share: number])[],
): GoldenNote {
  const [of, worst] = shares.reduce((most, each) => (each[1] > most[1] ? each : most), ["", 0]);
  return { folder, id, tensors: shares.length, worst, of };
}

/** Error of a case of a kind that no test knows. */
export function unknownKind(golden: GoldenCase): never {
  throw new Error(`no test knows cases like "${golden.id}" (${JSON.stringify(golden.hyper)})`);
}

const nameOf = ({ name, of, wrt }: GoldenEntry): string =>
  wrt === undefined ? name : `gradient of ${of} by ${wrt}`;

/** Defines the tests of a folder; one that is skipped, saying where they were looked for, when the reference values are not there. */
export function goldenSuite(folder: GoldenFolder, { check, leaves, awaits }: GoldenCheck): void {
  const manifest = loadManifest(folder);
  describe(`reference values of ${folder}`, () => {
    if (!manifest) return it.skip(`are not at ${referenceRoot()}`, () => undefined);
    it.for(manifest.cases)("$id", async (golden, test) => {
      const { id } = golden;
      const missing = awaits?.(golden);
      if (missing !== undefined)
        return noteGolden(test, { folder, id, tensors: 0, worst: 0, of: "", awaits: missing });
      try {
        await check(golden);
        const forgotten = golden.results.filter(
          (entry) => shareOf(entry) === undefined && leaves?.(entry, golden) === undefined,
        );
        if (forgotten.length > 0)
          throw new Error(`${id}: nothing was compared with ${forgotten.map(nameOf).join(", ")}`);
      } finally {
        const compared = golden.tensors.flatMap((entry): [string, number][] => {
          const share = shareOf(entry);
          return share === undefined ? [] : [[nameOf(entry), share]];
        });
        noteGolden(test, noteOf(folder, id, compared));
      }
    });
  });
}
