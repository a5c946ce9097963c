/** What a run folder says of itself, for `oal show` and `oal list runs`. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { readRunManifest, shownRecord, type RunRecord } from "./runFolder.js";
import { refuseOtherFormat } from "./runFormat.js";
import { danglingLinks } from "./runLinks.js";
import { storeFolder } from "./store/location.js";
import { registeredRuns, registerRun } from "./store/registry.js";

/** A run folder in words and figures. */
export interface RunDescription {
  readonly folder: string;
  readonly preset: string;
  readonly seed: number;
  /** Seeds of whole runs, where there are several. */
  readonly seeds?: readonly number[] | undefined;
  /** Seeds of the students alone, where there are several. */
  readonly studentSeeds?: readonly number[] | undefined;
  readonly methods: readonly string[];
  readonly started: string;
  /** Null while it is not. */
  readonly finished: string | null;
  /** When the run before this one finished, whose models and report the folder still shows; null when there is none. */
  readonly previous: string | null;
  /** The student whose model `oal score` takes. */
  readonly decides: string;
  readonly stages: readonly {
    readonly name: string;
    readonly key: string;
    readonly state: "made" | "missing";
    readonly seconds: number | null;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
  /** Files that the finished run left, relative to the folder. */
  readonly published: readonly string[];
  /** Names of links whose artifact is gone. */
  readonly dangling: readonly string[];
}

const headSchema = z.object({
  preset: z.string(),
  seed: z.number(),
  seeds: z.array(z.number()).optional(),
  studentSeeds: z.array(z.number()).optional(),
  methods: z.array(z.string()),
});

/** The seeds of a run in words: "seed 0", "seeds 0, 1, 2", "seed 0, student seeds 0, 1, 2". */
export function seedsInWords({
  seed,
  seeds,
  studentSeeds,
}: Pick<RunDescription, "seed" | "seeds" | "studentSeeds">): string {
  if (seeds) return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}`;
  return `seed ${seed}${studentSeeds ? `, student seeds ${studentSeeds.join(", ")}` : ""}`;
}

/** Describes a run folder, and tells the store where it is now, should it have been moved. @throws OAL-I104 for another version's, OAL-I105 when it holds no run */
export async function describeRun(path: string): Promise<RunDescription> {
  const folder = resolve(path);
  refuseOtherFormat(folder);
  const manifest = readRunManifest(folder);
  if (manifest === null) throw oalError("OAL-I105", { path });
  const { current, previous } = manifest;
  const head = headSchema.parse(current.configuration);
  const { started, finished } = current;
  const shown = shownRecord(manifest);
  const published = Object.keys(shown?.published ?? {});
  await registerRun(storeFolder(), folder).catch(() => undefined);
  return {
    folder,
    ...head,
    started,
    finished,
    previous: previous?.finished ?? null,
    decides: shown?.decides ?? current.decides,
    stages: stagesOf(current),
    published: published.filter((name) => existsSync(join(folder, name))),
    dangling: await danglingLinks(folder),
  };
}

function stagesOf({ planned, stages }: RunRecord): RunDescription["stages"] {
  const names = [...new Set([...Object.keys(stages), ...Object.keys(planned)])];
  return names.map((name) => {
    const made = stages[name];
    return made
      ? { name, key: made.key, state: "made", seconds: made.seconds, metrics: made.metrics }
      : { name, key: planned[name] ?? "", state: "missing", seconds: null, metrics: {} };
  });
}

/** Every run folder registered in the store that still holds a run. */
export async function knownRuns(): Promise<RunDescription[]> {
  const found: RunDescription[] = [];
  for (const path of await registeredRuns(storeFolder())) {
    if (readRunManifest(path) !== null) found.push(await describeRun(path));
  }
  return found;
}
