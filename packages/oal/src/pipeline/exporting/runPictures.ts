/** The pictures that a run calibrated on and was chosen by, for measuring what an exported model says otherwise. */
import { oalError, type RgbImage } from "oal-core";
import type { ImageSet } from "../../data/imageSet.js";
import { checkConfiguration } from "../configuration/index.js";
import { listenerLogs } from "../events.js";
import type { Workshop } from "../plan/obtain.js";
import { unknownGroups } from "../../evaluation/result.js";
import { lookAhead } from "../preflight.js";
import { readRunManifest, shownRecord } from "../runFolder.js";
import { prepareSettings } from "../settings.js";
import { openStore } from "../store/location.js";
import { versions } from "../versions.js";
import type { ExportPictures } from "./pictures.js";

/** Pictures of one kind that are asked about at most. */
const most = 1000;

/**
 * The validation pictures of a finished run, decoded anew where they are no longer in the cache; as unknown ones the validation unknowns,
 * else the near ones, else the far ones.
 *
 * @throws OAL-I121 for a folder without a finished run; what preparing the run's data throws
 */
export async function runPictures(
  path: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly known: ExportPictures; readonly unknown: ExportPictures | null }> {
  const manifest = readRunManifest(path);
  const record = manifest && shownRecord(manifest);
  if (!record) throw oalError("OAL-I121", { path });
  const config = checkConfiguration(record.configuration, path);
  const ahead = await lookAhead(config, "data", { signal });
  const workshop: Workshop = {
    store: await openStore(),
    events: listenerLogs(() => undefined),
    versions: versions(),
    signal,
  };
  const { data } = (await prepareSettings(config, ahead, workshop)).all;
  const group = unknownGroups.find((each) => data.ood.some((set) => set.group === each));
  const unknown = data.ood.filter((set) => set.group === group).map(({ set }) => set);
  return {
    known: picturesOfSets([data.validation.set]),
    unknown: unknown.length > 0 ? picturesOfSets(unknown) : null,
  };
}

function picturesOfSets(sets: readonly ImageSet[]): ExportPictures {
  const share = Math.ceil(most / sets.length);
  const chosen = sets.map((set) => {
    const count = Math.min(share, set.count);
    return { set, rows: Array.from({ length: count }, (_, i) => Math.floor((i * set.count) / count)) };
  });
  return {
    isCut: true,
    count: chosen.reduce((sum, { rows }) => sum + rows.length, 0),
    async *read() {
      for (const { set, rows } of chosen) for (const row of rows) yield pixelsOf(set, row);
    },
    close: () => Promise.resolve(),
  };
}

/** A stored image, the three colours of each pixel side by side. */
function pixelsOf(set: ImageSet, row: number): RgbImage {
  const { height, width } = set;
  const planes = set.read([row]);
  const plane = height * width;
  const data = planes.map((_, i) => planes[(i % 3) * plane + Math.floor(i / 3)] ?? 0);
  return { height, width, data };
}
