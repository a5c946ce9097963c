/** What computed a training: that of an engine on which the bits of its steps depend. */
import type { Device, EngineFacts } from "oal-core";
import { z } from "zod";

const devices = ["cpu", "webgpu"] as const satisfies readonly Device[];

/** {@link ComputedBy} as files hold it. */
export const computedBySchema = z.object({
  device: z.enum(devices),
  name: z.string(),
  version: z.string(),
  blockSize: z.number(),
  adapter: z.string().optional(),
});

/** An engine without what its results do not depend on, as the number of threads. */
export type ComputedBy = z.infer<typeof computedBySchema>;

/** What of an engine the bits depend on. */
export function computedBy({ device, name, version, blockSize, adapter }: EngineFacts): ComputedBy {
  return { device, name, version, blockSize, ...(adapter === undefined ? {} : { adapter }) };
}

/** Whether two engines promise the same bits. */
export function isAlike(a: ComputedBy, b: ComputedBy): boolean {
  return computedBySchema.keyof().options.every((fact) => a[fact] === b[fact]);
}

/** Engines in the order in which they came, each once. */
export function withEngine(before: readonly ComputedBy[], engine: ComputedBy): readonly ComputedBy[] {
  return before.some((each) => isAlike(each, engine)) ? before : [...before, engine];
}

/** Engines as the metadata of a file holds them. */
export function enginesText(engines: readonly ComputedBy[]): string {
  return JSON.stringify(engines);
}

/** The engines in such a text; none where there is no text, as in files of an older oal, or it is none. */
export function enginesIn(text: string | undefined): readonly ComputedBy[] {
  try {
    return z.array(computedBySchema).parse(JSON.parse(text ?? "[]"));
  } catch {
    return [];
  }
}
