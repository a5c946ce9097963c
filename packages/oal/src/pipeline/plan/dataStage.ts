/**
 * What a data stage is: it makes image sets, and is a registered object like every other stage. What the others are planned from is
 * what these have made, so they are not part of a plan: each is a function of what was found out before it (`Given`).
 */
import type { ImageSet } from "../../data/imageSet.js";
import { artifactKey, type Artifact, type ArtifactIdentity } from "../artifact.js";
import type { StageEvents } from "../events.js";
import { obtain, type Workshop } from "./obtain.js";
import type { StageReport } from "./stage.js";

/** What every stage says of itself, whatever it is planned from. */
export interface DescribedStage {
  readonly id: string;
  /** Raise it when the code changes the result. */
  readonly version: number;
  /** What it makes, in a few words. */
  readonly title: string;
}

/** A stage that makes image sets. */
export interface DataStage<Given> extends DescribedStage {
  /** Everything that the result depends on beside seed, inputs and sets. Hashed as canonical JSON. */
  slice(given: Given): unknown;
  seed(given: Given): number;
  /** Keys of the artifacts that it reads, by role. */
  inputs(given: Given): Readonly<Record<string, string>>;
  /** Image sets whose content the result depends on, by name. */
  sets(given: Given): Readonly<Record<string, ImageSet>>;
  /** Does the work; files written to `folder` become the artifact. */
  run(
    given: Given,
    job: { readonly folder: string; readonly events: StageEvents },
  ): Promise<StageReport | void>;
}

/**
 * The artifact of a data stage: found, or made under the claim on its key.
 *
 * @param name what the run calls it: "data", "data.seed1"
 */
export async function prepare<Given>(
  stage: DataStage<Given>,
  given: Given,
  workshop: Workshop,
  name = stage.id,
): Promise<Artifact> {
  const identity: ArtifactIdentity = {
    stage: stage.id,
    version: stage.version,
    slice: stage.slice(given),
    seed: stage.seed(given),
    inputs: { ...stage.inputs(given) },
    data: Object.fromEntries(
      Object.entries(stage.sets(given)).map(([set, { contentHash }]) => [set, contentHash]),
    ),
  };
  const make = (job: { folder: string; events: StageEvents }): Promise<StageReport | void> =>
    stage.run(given, job);
  return (await obtain({ name, identity, key: artifactKey(identity), make }, workshop)).artifact;
}
