/**
 * What an outlier source is: pictures of what a student should not know, read from artifacts or made of the training pictures in
 * the batch. One source is one file and one line in index.ts; `exposure.outliers` names the one that a run uses, and a source may
 * put others together (`members`). What it can be told stands in a section of the configuration of its own.
 */
import { expectArguments, kinds } from "oal-core";
import { z } from "zod";
import type { ImageSet } from "../../data/imageSet.js";
import { readOptions, type MethodSettings } from "../../training/methods/method.js";
import type { OutlierPictures } from "../../training/side/outliers.js";
import type { Making } from "./made.js";

/** What a source is opened with, in the thread that trains. */
export interface OutlierRequest {
  /** Artifact folders of its stages, by the stages' names. */
  readonly folders: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly classes: number;
  /** Height and width of the pictures in pixels. */
  readonly imageSize: number;
  /** The training images, which sources that make their pictures in the batch change. */
  readonly images: Pick<ImageSet, "count" | "read" | "labels">;
  /** Opens one of its members, with that one's own options. */
  readonly open: (member: string) => Promise<OutlierPictures>;
}

/** What of a configuration decides whether a source may be used. */
export interface SourceUse {
  /** Whether the known pictures are the embedded digits. */
  readonly isEmbedded: boolean;
  /** The diffusion model that makes pictures: one that the run trains, one that was given, or none. */
  readonly model: "trained" | "given" | "none";
  /** Whether it is known which picture each outlier embedding at the boundary was sampled around. */
  readonly hasAnchors: boolean;
}

/** What a source is called, and what it does. */
interface Description {
  readonly id: string;
  readonly title: string;
  /** How a picture is made, as one formula or sentence. */
  readonly formula: string;
  /** Where the idea was published. */
  readonly source: string;
  /** Its section of the configuration, where it has options; no other source reads it. */
  readonly section?: string;
  /** What the section is about, in a few words. Default: the title. */
  readonly about?: string;
}

/** A source of outlier pictures; its functions take the settings of a run and read their own section of them. */
export interface OutlierSource extends Description {
  /** Its options: type, range, default, description, and by `meta` the reason of the default. */
  readonly schema: z.ZodObject;
  /** Whether it has the teacher's logits on its pictures; without them the teacher looks at them in every step. */
  readonly hasTeacherLogits: boolean;
  /**
   * Whether row i is training picture i changed in a way that may leave some classes what they are. Then classes whose validation
   * pictures, changed, the teacher still takes for known ones are left out.
   */
  readonly byClass: boolean;
  /** Names of the stages whose artifacts it reads itself; none: it makes its pictures in the batch. @throws OAL-T111 */
  stages(settings: MethodSettings): readonly string[];
  /** How the diffusion model makes its pictures, in a stage of its own; absent: it does not. */
  readonly made?: Making;
  /** Ids of the sources that it is made of. @throws OAL-T111 */
  members(settings: MethodSettings): readonly string[];
  /** Why it gives no outliers for a data set, as the end of a sentence; null: it does. @throws OAL-T111 */
  refuses(use: SourceUse, settings: MethodSettings): string | null;
  /** @throws OAL-I111 and other errors of damaged artifacts */
  open(request: OutlierRequest, settings: MethodSettings): Promise<OutlierPictures>;
}

/** The schema of a source that cannot be told anything. */
export const noOptions = z.strictObject({});

/** A source as one writes it: its functions get their options parsed and typed. */
export interface SourceDefinition<Schema extends z.ZodObject> extends Description {
  /** A strict object; every key with a default, a description and, by `meta({ reason })`, why it has that default. */
  readonly schema: Schema;
  /** Default: false. */
  readonly hasTeacherLogits?: boolean;
  /** Default: false. */
  readonly byClass?: boolean;
  /** Default: none, its pictures are made in the batch. */
  stages?(options: z.output<Schema>): readonly string[];
  /** Default: none. */
  members?(options: z.output<Schema>): readonly string[];
  /** Default: nothing is refused. */
  refuses?(use: SourceUse, options: z.output<Schema>): string | null;
  open(request: OutlierRequest, options: z.output<Schema>): Promise<OutlierPictures>;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  formula: kinds.text,
  source: kinds.text,
  section: kinds.optional(kinds.name),
  schema: kinds.record,
  stages: kinds.optional(kinds.callback),
  members: kinds.optional(kinds.callback),
  refuses: kinds.optional(kinds.callback),
  open: kinds.callback,
});

/**
 * Makes a source of a definition.
 *
 * Its functions throw OAL-T111 for a value that the schema refuses.
 */
export function defineSource<Schema extends z.ZodObject>(
  definition: SourceDefinition<Schema>,
): OutlierSource {
  expectArguments("defineSource", { definition: [definition, aDefinition] });
  const { id, title, formula, source, section, about = title, schema } = definition;
  const { hasTeacherLogits = false, byClass = false } = definition;
  const read = (settings: MethodSettings): z.output<Schema> =>
    section === undefined ? schema.parse({}) : readOptions(schema, settings, section);
  return {
    id,
    title,
    formula,
    source,
    schema,
    hasTeacherLogits,
    byClass,
    ...(section === undefined ? {} : { section, about }),
    stages: (settings) => definition.stages?.(read(settings)) ?? [],
    members: (settings) => definition.members?.(read(settings)) ?? [],
    refuses: (use, settings) => definition.refuses?.(use, read(settings)) ?? null,
    open: (request, settings) => definition.open(request, read(settings)),
  };
}
