/** Stage "boundary": outlier embeddings at the boundary of every class. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { float32Tensor, int64Tensor, type Tensor } from "oal-core";
import { writeSafetensors } from "../../nn/safetensors.js";
import type { BoundaryWarning } from "../../outliers/boundary/options.js";
import { sampleBoundary, type EmbeddingBank } from "../../outliers/boundary/sample.js";
import { standInsFor } from "../../outliers/boundary/standIns.js";
import type { SuppliedEmbeddings } from "../../outliers/supplied.js";
import { sampleInWorkers } from "../boundaryWorkers.js";
import type { Stage, StageJob, StageReport } from "../plan/stage.js";
import { alignmentStage, isAligned, readSampledBank } from "./alignment.js";

/** File with "embeddings" [M, D] (of length boundary.scale), "labels", "rounds", "anchors", "noise" [M], "distances" [M], "bankDistances" [B]; stand-ins have the first two and "anchors". */
export const boundaryFile = "outliers.safetensors";

/** Outlier embeddings. */
export const boundaryStage: Stage = {
  id: "boundary",
  version: 3,
  title: "outlier embeddings at the boundary of every class",
  variants: () => [""],
  slice: ({ config, models }) =>
    config.boundary.outliers === undefined ? config.boundary : { outliers: models.embeddings?.hash },
  inputs: (config): Readonly<Record<string, string>> =>
    config.boundary.outliers === undefined
      ? { embeddings: "embeddings", ...(isAligned(config) ? { alignment: alignmentStage.id } : {}) }
      : {},
  effort: ({ config: { boundary, embeddings }, data }) => ({
    unit: { boundary, embeddings },
    amount: data.classNames.length,
  }),
  async run(job) {
    const { config, data, models, input, optionalInput, folder, events, engine, signal } = job;
    if (models.embeddings) return writeSupplied(folder, models.embeddings);
    const { scale } = config.boundary;
    const sampled = await readSampledBank(input("embeddings"), optionalInput("alignment"));
    const bank = { ...sampled, classes: data.classNames.length };
    if (config.boundary.standIn !== "none") return writeStandIns(job, bank, config.boundary.standIn);
    const result = await sampleBoundary(
      engine,
      bank,
      { ...config.boundary, seed: config.seed },
      (done, total) => {
        signal.throwIfAborted();
        events.progress(done, total, { text: "boundary sampling" });
      },
      sampleInWorkers,
    );
    for (const text of summarise(result.warnings, data.classNames.length)) events.warning(text);
    const { count, dimension, records } = result;
    const column = (values: readonly number[]): Tensor => int64Tensor([count], values);
    await writeSafetensors(
      join(folder, boundaryFile),
      new Map<string, Tensor>([
        ["embeddings", float32Tensor([count, dimension], scaled(result.embeddings, scale))],
        ["labels", column([...result.labels])],
        ["rounds", column(records.map((record) => record.round))],
        ["anchors", column(records.map((record) => bank.rows[record.anchor] ?? 0))],
        ["noise", column(records.map((record) => record.noise))],
        [
          "distances",
          float32Tensor(
            [count],
            records.map((record) => record.distance),
          ),
        ],
        ["bankDistances", float32Tensor([result.bankDistances.length], result.bankDistances)],
      ]),
    );
    const { distances, sigma, rejected, classes } = result;
    await writeFile(
      join(folder, "distances.json"),
      JSON.stringify({ count, sigma, rejected, distances, classes, warnings: result.warnings }, null, 2),
    );
    return {
      metrics: { count, sigma, rejected, meanKept: distances.kept.mean, meanBank: distances.bank.mean },
    };
  },
};

/** Writes embeddings of a file, as they are. */
async function writeSupplied(folder: string, supplied: SuppliedEmbeddings): Promise<StageReport> {
  const { count, dimension, values, labels } = supplied;
  const unknown = new Int32Array(count).fill(-1);
  await writeSafetensors(
    join(folder, boundaryFile),
    new Map<string, Tensor>([
      ["embeddings", float32Tensor([count, dimension], values)],
      ["labels", int64Tensor([count], [...(labels ?? unknown)])],
      ["anchors", int64Tensor([count], [...unknown])],
    ]),
  );
  return { metrics: { count } };
}

/** Writes embeddings that stand in for outliers. */
async function writeStandIns(
  { config, folder, events }: StageJob,
  bank: EmbeddingBank & { readonly rows: readonly number[] },
  kind: "gaussian" | "inliers",
): Promise<StageReport> {
  const { boundary, seed } = config;
  const { embeddings, labels, anchors } = standInsFor(kind, bank, { ...boundary, seed });
  const count = labels.length;
  const what = kind === "gaussian" ? "Gaussian directions" : "embeddings of known images";
  events.warning(
    `boundary.standIn: ${count} ${what} stand in for outliers; nothing was sampled at the boundary`,
  );
  await writeSafetensors(
    join(folder, boundaryFile),
    new Map<string, Tensor>([
      ["embeddings", float32Tensor([count, bank.dimension], scaled(embeddings, boundary.scale))],
      ["labels", int64Tensor([count], labels)],
      [
        "anchors",
        int64Tensor(
          [count],
          Array.from(anchors, (row) => (row < 0 ? -1 : (bank.rows[row] ?? 0))),
        ),
      ],
    ]),
  );
  return { metrics: { count } };
}

/** Vectors at a length; at 1 they stay what they are. */
function scaled(vectors: Float32Array, scale: number): Float32Array {
  return scale === 1 ? vectors : vectors.map((value) => value * scale);
}

/** One sentence per option instead of one per class. */
function summarise(warnings: readonly BoundaryWarning[], classes: number): string[] {
  const groups = new Map<string, BoundaryWarning[]>();
  for (const warning of warnings)
    groups.set(warning.option, [...(groups.get(warning.option) ?? []), warning]);
  return [...groups].map(([option, members]) => {
    const [first] = members;
    if (!first || members.length === 1) return first?.text ?? option;
    const used = members.map((member) => member.used);
    const range =
      Math.min(...used) === Math.max(...used) ? `${used[0]}` : `${Math.min(...used)} to ${Math.max(...used)}`;
    return `boundary.${option}: ${first.asked} reduced to ${range} in ${members.length} of ${classes} classes, which have too few embeddings`;
  });
}
