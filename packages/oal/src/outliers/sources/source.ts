/**
 * What an outlier source is: pictures of what a student should not know, made by stages of a run. One source is one file and one
 * line in index.ts; `exposure.outliers` names the one that a run uses.
 */
import { expectArguments, kinds } from "oal-core";
import type { z } from "zod";
import type { ImageSet } from "../../data/imageSet.js";
import type { OutlierPictures } from "../../training/side/outliers.js";

/** What a source is opened with, in the thread that trains. */
export interface OutlierRequest {
  /** Artifact folders of its stages, by the stages' names. */
  readonly folders: Readonly<Record<string, string>>;
  /** Its section of the configuration, checked. */
  readonly options: unknown;
  readonly seed: number;
  readonly classes: number;
  /** Height and width of the pictures in pixels. */
  readonly imageSize: number;
  /** The training images, which sources that make their pictures in the batch change. */
  readonly images: Pick<ImageSet, "count" | "read">;
}

/** What of a configuration decides whether a source may be used. */
export interface SourceUse {
  /** Whether the known pictures are the embedded digits. */
  readonly isEmbedded: boolean;
}

/** A source of outlier pictures. */
export interface OutlierSource {
  readonly id: string;
  readonly title: string;
  /** Names of the stages whose artifacts it reads. */
  readonly stages: readonly string[];
  /** Whether it has the teacher's logits on its pictures; without them the teacher looks at them in every step. */
  readonly hasTeacherLogits: boolean;
  /** A section of the configuration of its own, where it has options. */
  readonly section?: string;
  readonly about?: string;
  readonly schema?: z.ZodObject;
  /** Why its pictures would be no outliers of a data set, as the end of a sentence; null, or absent: they would. */
  refuses?(use: SourceUse): string | null;
  /** @throws OAL-I111 and other errors of damaged artifacts */
  open(request: OutlierRequest): Promise<OutlierPictures>;
}

const aSource = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  stages: kinds.listOf(kinds.name),
  hasTeacherLogits: kinds.boolean,
  open: kinds.callback,
});

/** An outlier source, checked. */
export function defineSource(source: OutlierSource): OutlierSource {
  expectArguments("defineSource", { source: [source, aSource] });
  return source;
}
