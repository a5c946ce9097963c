/**
 * What a source is whose pictures the diffusion model makes before the training. It says what latents are made of (`make`), and
 * nothing else: the stage "synthesis:ID" makes them, decodes them, leaves out those that the teacher is sure of, and keeps them with the
 * teacher's logits.
 */
import { expectArguments, kinds, type Engine, type Graph } from "oal-core";
import type { z } from "zod";
import type { ImageSet } from "../../data/imageSet.js";
import type { ClassifierModel } from "../../training/model.js";
import { readOptions, type MethodSettings } from "../../training/methods/method.js";
import type { Course } from "../course.js";
import type { LatentDiffusion } from "../diffusion/model.js";
import type { ConditionSet } from "../synthesis.js";
import { defineSource, type OutlierSource, type SourceDefinition, type SourceUse } from "./source.js";
import { openStored } from "./stored.js";

/** The stage that makes the pictures; its instances are called by the sources. */
export const madeStageId = "synthesis";

/** Whether a stage makes outliers with a diffusion model: that of the source "latents", or one of a made source. */
export function isSynthesis(stage: string): boolean {
  return stage === "latents" || stage.startsWith(`${madeStageId}:`);
}

/** File with "labels" and "others" [M] (classes that a picture was made of; -1: none), "sources" and "positions" [M], and "teacherLogits" [M, C]. */
export const madeFile = "pictures.safetensors";

/** Embeddings of training pictures, in the space that the diffusion model is conditioned in. */
export interface KnownEmbeddings extends ConditionSet {
  readonly labels: Int32Array;
  readonly classes: number;
  /** Which training picture each row is of. */
  readonly pictures: readonly number[];
}

/** Outlier embeddings at the boundary of the classes, in the same space. */
export interface BoundaryEmbeddings extends ConditionSet {
  /** Which training picture each was sampled around; -1 where nobody knows. */
  readonly anchors: Int32Array;
}

/** What a source makes its course of. */
export interface MakeRequest {
  readonly engine: Engine;
  readonly model: LatentDiffusion;
  readonly teacher: ClassifierModel;
  /** The training pictures. */
  readonly images: Pick<ImageSet, "count" | "height" | "read">;
  readonly known: KnownEmbeddings;
  /** The teacher's own features of the known pictures, [known rows, features]. */
  readonly features: () => Promise<Float32Array>;
  /** The teacher's features in the space of the conditions. */
  readonly toConditions: (features: Float32Array) => Promise<Float32Array>;
  /** The outlier embeddings, for a source that says that it uses them. */
  readonly boundary: () => Promise<BoundaryEmbeddings>;
  /** Latents to make. */
  readonly count: number;
  readonly seed: number;
  /** Told now and then what is done; what it throws stops the work. */
  readonly onProgress: (done: number, total: number, text: string) => void;
}

/** What the work of a step is reckoned from before anything is trained. */
export interface OutlineRequest {
  /** Of the right shapes, its numbers of no meaning. */
  readonly teacher: ClassifierModel;
  readonly decoder: Graph;
  /** [rows, channels, height, width] of the latents of a call. */
  readonly shape: readonly number[];
  /** Known embeddings. */
  readonly known: number;
}

/** How pictures of a source are made. */
export interface Making {
  /** Raise it when the code changes the result. */
  readonly version: number;
  /** Whether it reads the outlier embeddings at the boundary. */
  readonly usesBoundary: boolean;
  /** @throws OAL-D187, OAL-D188 for a teacher or embeddings that it cannot be made with */
  course(request: MakeRequest, settings: MethodSettings): Promise<Course>;
  /** The graph that a step runs beside denoiser and sampler, for estimates of memory; null: none worth counting. */
  outline(request: OutlineRequest, settings: MethodSettings): Graph | null;
}

/** A made source as one writes it. */
export interface MadeDefinition<Schema extends z.ZodObject> extends Omit<
  SourceDefinition<Schema>,
  "hasTeacherLogits" | "stages" | "members" | "open"
> {
  /** Raise it when the code changes the result. */
  readonly version: number;
  /** Default: false. */
  readonly usesBoundary?: boolean;
  course(request: MakeRequest, options: z.output<Schema>): Promise<Course>;
  /** Default: none. */
  outline?(request: OutlineRequest, options: z.output<Schema>): Graph;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  version: kinds.integer,
  usesBoundary: kinds.optional(kinds.boolean),
  course: kinds.callback,
  outline: kinds.optional(kinds.callback),
});

/** Makes a source of a definition: it has a stage of its own, and refuses runs in which nothing makes or decodes latents. */
export function defineMadeSource<Schema extends z.ZodObject>(
  definition: MadeDefinition<Schema>,
): OutlierSource {
  expectArguments("defineMadeSource", { definition: [definition, aDefinition] });
  const { id, section, schema, version, usesBoundary = false } = definition;
  const read = (settings: MethodSettings): z.output<Schema> =>
    section === undefined ? schema.parse({}) : readOptions(schema, settings, section);
  const stage = `${madeStageId}:${id}`;
  const source = defineSource({
    ...definition,
    hasTeacherLogits: true,
    stages: () => [stage],
    refuses: (use, options) => withoutModel(use) ?? definition.refuses?.(use, options) ?? null,
    open: ({ folders }) => openStored(folders[stage] ?? "", madeFile),
  });
  return {
    ...source,
    made: {
      version,
      usesBoundary,
      course: (request, settings) => definition.course(request, read(settings)),
      outline: (request, settings) => definition.outline?.(request, read(settings)) ?? null,
    },
  };
}

function withoutModel({ model }: SourceUse): string | null {
  return model === "none"
    ? "the diffusion model makes its pictures, and with synthesis.latents or synthesis.space: latent it makes none"
    : null;
}
