/** An artifact: the folder one stage leaves behind, with artifact.json that says what it is, from what it was made, and the hash of every file. */
import { join } from "node:path";
import { z } from "zod";
import { computedBySchema } from "../training/computedBy.js";
import { canonicalJson, sha256 } from "./canonical.js";
import { engineSchema } from "./engineFacts.js";

/** Format of artifact.json. */
export const artifactFormat = 1;

/** The name of the manifest inside an artifact folder. */
export const manifestName = "artifact.json";

const manifestSchema = z.object({
  format: z.literal(artifactFormat),
  key: z.string().length(64),
  stage: z.string(),
  version: z.number().int(),
  inputs: z.record(z.string(), z.string()),
  data: z.record(z.string(), z.string()),
  configuration: z.unknown(),
  seed: z.number(),
  versions: z.object({ oal: z.string(), node: z.string(), onnxruntime: z.string() }),
  /** What computed it; nothing in the key: equal bits are promised for equal engines and kinds of CPU only. */
  engine: engineSchema.optional(),
  /** What computed the first steps of a training that was interrupted and went on on `engine`, where that was another one. */
  earlierEngines: z.array(computedBySchema).optional(),
  started: z.string(),
  seconds: z.number(),
  timings: z.record(z.string(), z.number()),
  metrics: z.record(z.string(), z.number()),
  files: z.record(z.string(), z.object({ sha256: z.string(), bytes: z.number() })),
});

/**
 * What artifact.json holds. `seconds` is the wall time of all attempts, `timings` are parts of it that the stage
 * names, in seconds; `files` has every file by relative path.
 */
export type ArtifactManifest = z.infer<typeof manifestSchema>;

/** A finished, verified artifact. */
export interface Artifact {
  readonly key: string;
  /** The folder, absolute. */
  readonly folder: string;
  readonly manifest: ArtifactManifest;
}

/** What an artifact is a function of. */
export interface ArtifactIdentity {
  readonly stage: string;
  /** Raised when the stage's code changes its result. */
  readonly version: number;
  /** The part of the configuration that the stage reads. */
  readonly slice: unknown;
  readonly seed: number;
  /** Keys of the input artifacts by role. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Content hashes of data sets by name. */
  readonly data: Readonly<Record<string, string>>;
}

/** The key: SHA-256 of the canonical JSON of everything the artifact is a function of. */
export function artifactKey(identity: ArtifactIdentity): string {
  const { stage, version, slice, seed, inputs, data } = identity;
  return sha256(canonicalJson({ stage, version, configuration: slice, seed, inputs, data }));
}

/** The folder name of an artifact: stage and the first 12 digits of the key. */
export function artifactFolderName(stage: string, key: string): string {
  return `${stage.replace(/[^A-Za-z0-9._-]/g, "-")}-${key.slice(0, 12)}`;
}

/** The manifest in a text, or null when the text is none. */
export function parseManifest(text: string): ArtifactManifest | null {
  try {
    return manifestSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The path of one file of an artifact. @example artifactFile(teacher, "weights.safetensors") */
export function artifactFile(artifact: Artifact, name: string): string {
  return join(artifact.folder, name);
}
