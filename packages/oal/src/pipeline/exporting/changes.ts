/** What a changed model says otherwise than the one it was made of, picture by picture. */
import {
  auroc,
  oalError,
  pictureInput,
  toNumbers,
  uint8Tensor,
  type RgbImage,
  type Session,
  type Tensor,
} from "oal-core";
import type { BundleFacts } from "../../bundle/facts.js";
import { storedDetector } from "../../bundle/index.js";
import { passRows } from "../../runtime/passRows.js";
import { lots } from "./pictures.js";

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

/** Pictures to ask about. */
export interface AskedPictures {
  readonly known: AsyncIterable<RgbImage>;
  readonly unknown: AsyncIterable<RgbImage> | null;
}

interface Answers {
  readonly scores: number[];
  readonly known: number[];
  readonly labels: number[];
}

/**
 * Asks two models about the same pictures. Pictures whose size the changed model does not take are passed over.
 *
 * @param onPicture told how many pictures are done
 * @throws OAL-E273 where no known picture is left
 */
export async function measureChanges(
  before: AskedModel,
  after: AskedModel,
  { known, unknown }: AskedPictures,
  onPicture: (done: number) => void,
): Promise<Changes> {
  let done = 0;
  const { resizing, height, width } = after.facts.input;
  const most = resizing === "free" ? 1 : passRows(64, before.facts.preprocessing.crop);
  const ask = async (pictures: AsyncIterable<RgbImage>): Promise<readonly [Answers, Answers]> => {
    const found = [none(), none()] as const;
    for await (const lot of lots(suitable(pictures, after.facts), most)) {
      collect(found[0], before, await before.session.run({ images: imagesFor(lot, before.facts) }));
      collect(found[1], after, await after.session.run({ images: imagesFor(lot, after.facts) }));
      onPicture((done += lot.length));
    }
    return found;
  };
  const [knownBefore, knownAfter] = await ask(known);
  const detector = after.facts.decides;
  if (knownBefore.scores.length === 0)
    throw oalError("OAL-E273", { form: `${height ?? "any"}x${width ?? "any"}` });
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

async function* suitable(
  pictures: AsyncIterable<RgbImage>,
  { input: { resizing, height, width } }: BundleFacts,
): AsyncGenerator<RgbImage, void, undefined> {
  for await (const picture of pictures)
    if (resizing !== "fixed" || (picture.height === height && picture.width === width)) yield picture;
}

/** Pictures as a model file takes them; without resizing outside, all of one size. */
export function imagesFor(pictures: readonly RgbImage[], facts: BundleFacts): Tensor {
  const inputs = pictures.map((picture, index) => pictureInput(picture, facts, String(index)));
  const [first] = inputs;
  return uint8Tensor([inputs.length, ...(first?.shape ?? [])], Buffer.concat(inputs.map(({ data }) => data)));
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
