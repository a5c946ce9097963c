/** What a changed model says otherwise than the one it was made of, picture by picture. */
import { auroc, oalError, toNumbers, toPlanes, uint8Tensor, type Session, type Tensor } from "oal-core";
import type { BundleFacts } from "../../bundle/facts.js";
import { storedDetector } from "../../bundle/index.js";
import { passRows } from "../../runtime/passRows.js";
import type { InputForm } from "../../exporting/inputForm.js";
import { lots, type ExportPicture, type ExportPictures } from "./pictures.js";

/** Pictures of one kind, and on how many of them the two models differ. */
export interface ChangesOfKind {
  /** Pictures that both models were asked about. */
  readonly pictures: number;
  /** Pictures whose verdict, known or unknown, is another. */
  readonly decisions: number;
  /** Pictures whose most probable class is another. */
  readonly labels: number;
  /** Share called known, before and after. */
  readonly known: readonly [before: number, after: number];
}

/** What changed. */
export interface Changes {
  /** Id of the detector whose verdicts are compared. */
  readonly detector: string;
  readonly known: ChangesOfKind;
  /** Absent where no unknown pictures were given. */
  readonly unknown?: ChangesOfKind;
  /** Percent, known against unknown pictures, before and after; absent where no unknown pictures were given. */
  readonly auroc?: readonly [before: number, after: number];
}

/** A model to ask. */
export interface AskedModel {
  readonly session: Session;
  readonly facts: BundleFacts;
}

interface Answers {
  readonly scores: number[];
  readonly known: number[];
  readonly labels: number[];
}

/**
 * Asks two models about the same pictures. Pictures of which the changed model takes no size are passed over.
 *
 * @param before takes squares
 * @param after takes what its `facts.input` says
 * @param onPicture told how many pictures are done
 */
export async function measureChanges(
  before: AskedModel,
  after: AskedModel,
  { known, unknown }: { readonly known: ExportPictures; readonly unknown: ExportPictures | null },
  onPicture: (done: number) => void,
): Promise<Changes> {
  let done = 0;
  const ask = async (pictures: ExportPictures): Promise<readonly [Answers, Answers]> => {
    const found = [none(), none()] as const;
    const most = after.facts.input.resizing === "free" ? 1 : passRows(64, before.facts.preprocessing.crop);
    const fitting = suitable(pictures.read(), after.facts.input);
    for await (const lot of lots(fitting, most)) {
      collect(found[0], before, await before.session.run({ images: squares(lot, before.facts) }));
      collect(found[1], after, await after.session.run({ images: imagesFor(lot, after.facts) }));
      onPicture((done += lot.length));
    }
    return found;
  };
  const [knownBefore, knownAfter] = await ask(known);
  const detector = after.facts.decides;
  if (knownBefore.scores.length === 0) throw oalError("OAL-E273", { form: sizeOf(after.facts.input) });
  const ofKnown = compare(knownBefore, knownAfter);
  if (unknown === null) return { detector, known: ofKnown };
  const [unknownBefore, unknownAfter] = await ask(unknown);
  if (unknownBefore.scores.length === 0) return { detector, known: ofKnown };
  return {
    detector,
    known: ofKnown,
    unknown: compare(unknownBefore, unknownAfter),
    auroc: [
      100 * auroc(knownBefore.scores, unknownBefore.scores),
      100 * auroc(knownAfter.scores, unknownAfter.scores),
    ],
  };
}

function none(): Answers {
  return { scores: [], known: [], labels: [] };
}

function sizeOf({ height, width }: InputForm): string {
  return `${height ?? "any"}x${width ?? "any"}`;
}

async function* suitable(
  pictures: AsyncIterable<ExportPicture>,
  { resizing, height, width }: InputForm,
): AsyncGenerator<ExportPicture, void, undefined> {
  for await (const picture of pictures) {
    const { whole } = picture;
    if (resizing === "outside" || (whole && resizing === "free")) yield picture;
    else if (whole?.height === height && whole?.width === width) yield picture;
  }
}

function squares(lot: readonly ExportPicture[], { preprocessing: { crop } }: BundleFacts): Tensor {
  return uint8Tensor([lot.length, 3, crop, crop], Buffer.concat(lot.map(({ square }) => square)));
}

/** Pictures as a model file takes them. */
export function imagesFor(lot: readonly ExportPicture[], facts: BundleFacts): Tensor {
  const { layout, resizing } = facts.input;
  const { crop } = facts.preprocessing;
  const [height, width] =
    resizing === "outside" ? [crop, crop] : [lot[0]?.whole?.height ?? 0, lot[0]?.whole?.width ?? 0];
  const rows = lot.map(({ square, whole }) => {
    if (resizing === "outside") return layout === "nchw" ? square : interleaved(square);
    if (!whole) throw oalError("OAL-X101", { problem: "a picture that is needed whole" });
    return layout === "nhwc" ? whole.data : toPlanes(whole);
  });
  const shape = layout === "nchw" ? [lot.length, 3, height, width] : [lot.length, height, width, 3];
  return uint8Tensor(shape, Buffer.concat(rows));
}

/** Planes as the three colours of each pixel side by side. */
export function interleaved(planes: Uint8Array): Uint8Array {
  const plane = planes.length / 3;
  return planes.map((_, i) => planes[(i % 3) * plane + Math.floor(i / 3)] ?? 0);
}

function compare(before: Answers, after: Answers): ChangesOfKind {
  const pictures = before.scores.length;
  const differing = (a: readonly number[], b: readonly number[]): number =>
    a.filter((value, i) => value !== b[i]).length;
  const share = ({ known }: Answers): number => known.filter((value) => value === 1).length / pictures;
  return {
    pictures,
    decisions: differing(before.known, after.known),
    labels: differing(before.labels, after.labels),
    known: [share(before), share(after)],
  };
}

function collect(answers: Answers, { facts }: AskedModel, outputs: Readonly<Record<string, Tensor>>): void {
  const { outputs: names } = storedDetector(facts);
  const of = (name: string): number[] => {
    const found = outputs[name];
    if (!found) throw oalError("OAL-X101", { problem: `a model without the output ${name}` });
    return toNumbers(found);
  };
  answers.scores.push(...of(names.score));
  answers.known.push(...of(names.known));
  answers.labels.push(...of("label"));
}

/** What changed, in a sentence. */
export function changesSentence({ detector, known, unknown, auroc: areas }: Changes): string {
  const of = (kind: string, { pictures, decisions, labels }: ChangesOfKind): string =>
    `of ${pictures} ${kind} pictures ${decisions} get another decision and ${labels} another label`;
  const parts = [of("known", known), ...(unknown ? [of("unknown", unknown)] : [])];
  if (areas) parts.push(`AUROC ${areas[0].toFixed(2)} before, ${areas[1].toFixed(2)} after`);
  return `${detector}: ${parts.join("; ")}`;
}
