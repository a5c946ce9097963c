/** What every stage gets, and the translations of configuration sections that several stages need. */
import { type AugmentSpec, stepsPerEpoch } from "../../data/batches.js";
import { optionsIn } from "../../fields.js";
import { networks } from "../../nn/networks/index.js";
import { optimisers } from "../../nn/optimisers/index.js";
import { schedules } from "../../nn/schedules/index.js";
import type { NetworkChoice } from "../../training/network.js";
import type { OptimizerOptions, ScheduleOptions, TrainingOptions } from "../../training/options.js";
import type { Configuration } from "../configuration/schema.js";
import type { StageJob } from "../plan/stage.js";

/** What the parts of a stage's work need of its job. */
export type StageContext = Pick<StageJob, "config" | "engine" | "signal">;

/** A section that describes a network and its recipe: the teacher's or the student's, which have one type. */
export type RecipeSection = Configuration["teacher"];

/** The network of a section. */
export function networkChoice(section: RecipeSection, classes: number, imageSize: number): NetworkChoice {
  const own = optionsIn(networks.find(section.network), section);
  return { id: section.network, options: { ...own, classes, imageSize } };
}

/** The augmentation of a section. */
export function augmentationOf({ augmentation }: RecipeSection): AugmentSpec {
  const { flip, padding, paddingMode, cutout } = augmentation;
  return {
    flip,
    ...(padding > 0 ? { crop: { padding, mode: paddingMode } } : {}),
    ...(cutout > 0 ? { cutout } : {}),
  };
}

/** Batch size of a section; never more than there are images. */
export function batchSizeOf(section: RecipeSection, images: number): number {
  return Math.min(section.batchSize, images);
}

/** Optimiser, schedule and length of a section's training. */
export function trainingOptionsOf(
  name: string,
  section: RecipeSection,
  images: number,
  { config }: Pick<StageContext, "config">,
  checkpointFolder: string,
): TrainingOptions {
  const perEpoch = stepsPerEpoch(images, batchSizeOf(section, images), section.rest);
  const steps = Math.max(1, Math.round(section.epochs * perEpoch));
  return {
    name,
    seed: config.seed,
    steps,
    optimizer: optimizerOptionsOf(section),
    schedule: scheduleOptionsOf(section),
    ...(section.decayOn === "usual" ? {} : { decayOn: section.decayOn }),
    ...(section.clipNorm > 0 ? { clipNorm: section.clipNorm } : {}),
    ...(section.ema > 0 ? { ema: section.ema } : {}),
    checkpointFolder,
    checkpointSeconds: config.checkpointSeconds,
  };
}

/** Optimiser of a section. */
export function optimizerOptionsOf(section: RecipeSection): OptimizerOptions {
  const { optimiser, weightDecay } = section;
  return { ...optionsIn(optimisers.find(optimiser), section), id: optimiser, weightDecay };
}

function scheduleOptionsOf(section: RecipeSection): ScheduleOptions {
  const { schedule, learningRate } = section;
  return { ...optionsIn(schedules.find(schedule), section), id: schedule, rate: learningRate };
}
