/** What artifacts were computed on, in words. */
import type { EngineFacts } from "oal-core";
import { z } from "zod";
import { computedBySchema, type ComputedBy } from "../training/computedBy.js";
import type { Artifact } from "./artifact.js";

/** {@link EngineFacts} as artifact.json holds them. */
export const engineSchema = computedBySchema.extend({ threads: z.number() });

/** An engine in a few words: "cpu (onnxruntime-node 1.30.0, blocks of 16 channels, one thread per core)"; threads where they are told. */
export function describeEngine(engine: Stored): string {
  const { device, name, version, blockSize, adapter } = engine;
  const known = [
    `${name} ${version}`,
    ...(adapter === undefined ? [] : [adapter]),
    ...(device === "cpu" ? [blockSize > 0 ? `blocks of ${blockSize} channels` : "plain formulation"] : []),
    ...(device === "cpu" && "threads" in engine ? [threadsInWords(engine.threads)] : []),
  ];
  return `${device} (${known.join(", ")})`;
}

type Stored = z.infer<typeof engineSchema> | EngineFacts | ComputedBy;

function threadsInWords(threads: number): string {
  if (threads === 0) return "one thread per core";
  return threads === 1 ? "one thread" : `${threads} threads`;
}

/** An entry for the report: what artifacts were computed on; with their names where it was not one and the same. */
export function computedOn(
  artifacts: readonly (readonly [name: string, artifact: Artifact])[],
): Readonly<Record<string, string>> {
  const names = new Map<string, string[]>();
  for (const [name, { manifest }] of artifacts) {
    if (manifest.engine === undefined) continue;
    const begun = (manifest.earlierEngines ?? []).map((earlier) => `, begun on ${describeEngine(earlier)}`);
    const engine = [describeEngine(manifest.engine), ...begun].join("");
    names.set(engine, [...(names.get(engine) ?? []), name]);
  }
  if (names.size === 0) return {};
  const [only] = names.keys();
  const words =
    names.size === 1
      ? (only ?? "")
      : Array.from(names, ([engine, members]) => `${members.join(", ")}: ${engine}`).join("; ");
  return { "computed on": words };
}
