/** The report's pictures and points: sample sheets, the feature map's sample, the hardest mistakes. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { float32Data, type Decision, type Tensor } from "oal-core";
import { classesInTurn } from "../../data/classesInTurn.js";
import { loadSharp } from "../../data/pictures/sharp.js";
import { acceptedBy, classCutRange } from "../../evaluation/accepts.js";
import { mayChoose, type UnknownGroup, type ModelScores } from "../../evaluation/result.js";
import { contactSheet } from "../../outliers/contactSheet.js";
import { latentOutliers } from "../../outliers/sources/latents.js";
import type { ReportFeatures, ReportMistake, ReportMistakeCounts, ReportSample } from "../../report/input.js";
import type { Artifact } from "../artifact.js";
import type { PreparedData } from "./data.js";
import { readFeatureSample } from "./evaluationArtifact.js";
import { auditFiles, type OutlierAudit } from "./outlierAudit.js";

/** An audit of outliers, and the artifact with its sheet. */
export interface ShownAudit {
  readonly audit: Pick<OutlierAudit, "source" | "fault" | "count">;
  readonly artifact: Pick<Artifact, "folder">;
}

/** Sample sheets of every set, of every source of outliers, and of latents with and without disturbed embeddings. */
export async function sheets(
  data: PreparedData,
  { latents, audits }: { readonly latents?: Artifact | undefined; readonly audits: readonly ShownAudit[] },
): Promise<ReportSample[]> {
  const samples: ReportSample[] = [];
  const size = data.train.set.height;
  const groups = [
    {
      title: "Training images (ID)",
      caption: `${data.train.set.count} images, ${data.classNames.length} classes`,
      set: data.train.set,
    },
    { title: "Test images (ID)", caption: `${data.test.set.count} images`, set: data.test.set },
    ...data.ood.map(({ name, group, set }) => ({
      title: name,
      caption: `${set.count} images, ${group} OOD`,
      set,
    })),
  ];
  for (const { title, caption, set } of groups) {
    const count = Math.min(24, set.count);
    const indices = classesInTurn(set.labels, count, 0, "report/sheet");
    const png = await contactSheet([{ images: set.read(indices), count }], {
      size,
      columns: 8,
      rows: Math.ceil(count / 8),
      scale: 2,
    });
    samples.push({ title, caption, section: "data", png });
  }
  for (const { audit, artifact } of audits) {
    const caption = `left: training images; right: some of ${audit.count} pictures of the source${audit.fault === null ? "" : ", which fails its audit"}`;
    const png = await readFile(join(artifact.folder, auditFiles.sheet));
    samples.push({ title: `Outlier source ${audit.source}`, caption, section: "outliers", png });
  }
  const hasMiddle = latents?.manifest.metrics["inlierSameClassShare"] !== undefined;
  const isShown = audits.some(({ audit }) => audit.source === latentOutliers.id);
  const sheet = latents && (hasMiddle || !isShown) ? join(latents.folder, "sheet.png") : "";
  if (existsSync(sheet)) {
    const middle = hasMiddle ? " middle: made from undisturbed embeddings;" : "";
    const caption = `left: training images;${middle} right: decoded outlier latents`;
    samples.push({ title: "Decoded latents", caption, section: "outliers", png: await readFile(sheet) });
  }
  return samples;
}

/** The sample of penultimate features of one evaluated model. */
export async function featuresOf(artifact: Artifact, data: PreparedData): Promise<ReportFeatures[]> {
  const tensors = await readFeatureSample(artifact);
  const groupOf = (name: string): ReportFeatures["group"] =>
    name === "id"
      ? "id"
      : name === "outliers"
        ? "outlier"
        : name === "id-validation"
          ? "id-validation"
          : groupOfUnknowns(data.ood.find((set) => set.name === name)?.group ?? "far");
  return [...tensors]
    .filter(([name]) => !name.endsWith("/labels"))
    .map(([set, tensor]) => ({
      set,
      group: groupOf(set),
      points: float32Data(tensor),
      dimension: tensor.shape[1] ?? 0,
      labels: labelsOf(tensors.get(`${set}/labels`)),
    }));
}

function groupOfUnknowns(group: UnknownGroup): ReportFeatures["group"] {
  return mayChoose(group) ? "validation" : group;
}

function labelsOf(tensor: Tensor | undefined): Float32Array {
  return tensor ? float32Data(tensor) : new Float32Array();
}

/** Most pictures of each kind of mistake. */
const shownMistakes = 16;

/** The images that a decision calls wrongly: how many there are, and the worst of them. */
export async function mistakesOf(
  model: ModelScores,
  decision: Decision,
  data: Pick<PreparedData, "test" | "ood" | "classNames">,
): Promise<{ readonly mistakes: readonly ReportMistake[]; readonly counts: ReportMistakeCounts }> {
  const { detector } = decision;
  const perClass = classCutRange(decision);
  const candidates = model.sets
    .filter(({ group }) => group !== "validation")
    .flatMap((scores) =>
      acceptedBy(decision, scores).map((isKnown, index) => ({
        scores,
        index,
        score: scores.confidence[detector]?.[index] ?? NaN,
        isKnown,
      })),
    );
  const known = candidates.filter(({ scores }) => scores.group === "test");
  const unknown = candidates.filter(({ scores }) => scores.group !== "test");
  const rejected = known.filter(({ isKnown }) => !isKnown).sort((a, b) => a.score - b.score);
  const accepted = unknown.filter(({ isKnown }) => isKnown).sort((a, b) => b.score - a.score);
  const mistakes: ReportMistake[] = [];
  for (const [kind, chosen] of [
    ["id-rejected", rejected.slice(0, shownMistakes)],
    ["ood-accepted", accepted.slice(0, shownMistakes)],
  ] as const) {
    for (const { scores, index, score } of chosen) {
      const set =
        scores.group === "test" ? data.test.set : data.ood.find(({ name }) => name === scores.name)?.set;
      if (!set) continue;
      const label = data.classNames[scores.labels[index] ?? -1];
      mistakes.push({
        kind,
        id: scores.ids[index] ?? "",
        png: await picture(set.read([index]), set.height),
        set: scores.name,
        ...(label === undefined ? {} : { label }),
        prediction: data.classNames[scores.predictions[index] ?? -1] ?? "?",
        score,
      });
    }
  }
  const counts: ReportMistakeCounts = {
    model: model.model,
    detector,
    threshold: decision.cuts.unknown,
    ...(perClass ? { perClass } : {}),
    rejected: { count: rejected.length, of: known.length },
    accepted: { count: accepted.length, of: unknown.length },
  };
  return { mistakes, counts };
}

async function picture(planes: Uint8Array, size: number): Promise<Uint8Array> {
  const pixels = new Uint8Array(planes.length);
  const plane = size * size;
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) pixels[3 * i + c] = planes[c * plane + i] ?? 0;
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .resize(64, 64, { kernel: size > 64 ? "lanczos3" : "nearest" })
    .png()
    .toBuffer();
}
