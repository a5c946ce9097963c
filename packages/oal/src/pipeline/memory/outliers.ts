/** Memory of making outliers: of training our own diffusion model and of drawing from it, or from Stable Diffusion. */
import { graphMemory, memoryRows, type RowSource } from "oal-core";
import { bytesBesides } from "../../outliers/diffusion/parts.js";
import { diffusionGraphs, diffusionRows } from "../../outliers/diffusion/graphs.js";
import { autoEncoderTask, denoiserTask } from "../../outliers/diffusion/tasks.js";
import { noiseSchedule } from "../../outliers/samplers/schedule.js";
import { planSource } from "../../outliers/sources/plan.js";
import type { PromptedDiffusion } from "../../outliers/stableDiffusion/open.js";
import { autoEncoderRows, passRows } from "../../runtime/passRows.js";
import { exposureOptions } from "../../training/methods/exposure.js";
import type { Configuration } from "../configuration/schema.js";
import { teacherOf, widthOf, zerosOf, type Choices } from "./networks.js";
import { memoryOf, processBytes, type DataSizes, type StageMemory } from "./part.js";
import { imagesOf, stepOf, type Training } from "./training.js";

/** Bytes of a large denoiser's activations for each number of the latents that run at once (measured: 2.1 GB for two of Stable Diffusion 1). */
const activationsOfDenoiser = 64_000;
/** Memory of weights of 16 bits as a share of their file: the CPU widens them, and has both for a while (measured 3.4 with activations). */
const widenedHalves = 3;

/**
 * The parts of our own diffusion model.
 *
 * @param teacher its training, where it is trained in this run
 * @param pooled whether latents are pooled
 */
export function ownDiffusionMemory(
  config: Configuration,
  { classes, train }: DataSizes,
  choices: Choices,
  teacher: Training | undefined,
  pooled: boolean,
): StageMemory[] {
  const { autoEncoder, denoiser, synthesis, evaluation } = config;
  const { size } = config.data;
  const autoEncoderBatch = Math.min(autoEncoderRows(autoEncoder.batchSize, size), train);
  const images = imagesOf(train, size);
  const optimizer = { id: "adam" };
  const encoding = stepOf(
    autoEncoderTask({ ...autoEncoder, images, batchSize: autoEncoderBatch, flip: false, seed: 0 }),
    { optimizer },
  );
  const dimension = widthOf(choices.teacher);
  const latentShape = [4, size / 4, size / 4] as const;
  const noRows = (width: number): RowSource => memoryRows(new Float32Array(), width);
  const { clipNorm, ema } = denoiser;
  const denoising = stepOf(
    denoiserTask({
      ...denoiser,
      moments: { mean: noRows(1), logVariance: noRows(1) },
      latentShape,
      latentScale: 1,
      schedule: noiseSchedule(),
      embeddings: noRows(dimension),
      seed: 0,
    }),
    { optimizer, ...(clipNorm > 0 ? { clipNorm } : {}), ...(ema > 0 ? { ema } : {}) },
  );
  const graphs = diffusionGraphs({
    autoEncoder: zerosOf(encoding.specs),
    denoiser: zerosOf(denoising.specs),
    autoEncoderOptions: autoEncoder,
    denoiserOptions: denoiser,
    imageSize: size,
    embeddingDimension: dimension,
  });
  const encoder = graphMemory(graphs.vaeEncoder);
  const rows = passRows(evaluation.batchSize, size) / diffusionRows(size);
  const made = 2 * synthesis.count * (3 * size ** 2 + 4 * 4 * (size / 4) ** 2);
  const ofModel = Object.values(graphs).map(graphMemory);
  const decoded = {
    teacher: teacherOf(choices, teacher?.specs),
    decoder: graphs.vaeDecoder,
    shape: [diffusionRows(size) >> 1, ...latentShape],
    known: Math.min(train, config.embeddings.perClass * classes),
  };
  const making = planSource(exposureOptions(config).outliers, config).sources.flatMap(
    ({ id, made: source }) => {
      if (!source) return [];
      const steering = source.outline(decoded, config);
      const all = [...ofModel, ...(steering ? [graphMemory(steering)] : [])];
      return [memoryOf(`making outliers (${id})`, "synthesis.count", all, made)];
    },
  );
  return [
    memoryOf("training the auto-encoder", "autoEncoder.batchSize", encoding.graphs),
    memoryOf("training the denoiser", "denoiser.batchSize", denoising.graphs),
    memoryOf("the latents of all training images", "evaluation.batchSize", [
      { ...encoder, live: rows * encoder.live },
    ]),
    ...(pooled ? [memoryOf("making outliers", "synthesis.count", ofModel, made)] : []),
    ...making,
  ];
}

/** The largest part of Stable Diffusion, and the latents and pictures that are made. */
export function promptedMemory(
  { synthesis, data: { size } }: Configuration,
  { layout, table }: PromptedDiffusion,
): StageMemory {
  const share = table.isHalf ? widenedHalves : 1;
  const largest = Math.max(
    bytesBesides(layout.unet),
    bytesBesides(layout.vaeDecoder),
    // the text encoder is read, cut and prepared
    3 * bytesBesides(layout.condition.path),
  );
  const numbers = layout.latentShape.reduce((product, side) => product * side, 1);
  const made = synthesis.count * (2 * 4 * numbers + (synthesis.space === "pixel" ? 2 * 3 * size ** 2 : 0));
  const working = layout.rows.denoiser * numbers * activationsOfDenoiser + 4 * table.size * table.width;
  const bytes = processBytes + share * largest + made + working;
  return { what: "making outliers with synthesis.model", lower: "synthesis.size or synthesis.count", bytes };
}
