/** A model becomes one file for others: chosen, cut, changed in form or precision, written, run, or not written at all. */
import { oalError, type Engine, type Graph, type Tensor } from "oal-core";
import type { BundleFacts, BundleInput, StoredDetector } from "../../bundle/facts.js";
import { storedDetector, type CheckedOutputs } from "../../bundle/index.js";
import { halfPrecision } from "../../exporting/half.js";
import { withInputForm } from "../../exporting/inputForm.js";
import { quantise, type Feeds } from "../../exporting/quantise.js";
import { promiseOf } from "../../fitting/calibrate.js";
import { cpuEngine } from "../../runtime/engines/index.js";
import { readModelFile } from "../../runtime/modelFile.js";
import { passRows } from "../../runtime/passRows.js";
import { changesSentence, imagesFor, measureChanges, type AskedPictures, type Changes } from "./changes.js";
import { drawnPicture } from "./drawnPictures.js";
import type { Exported, ExportOptions } from "./exportOptions.js";
import { figuresOf } from "./figures.js";
import { writeHuggingFace } from "./huggingFace.js";
import { writeOneFile } from "./oneFile.js";
import { everyOther, factsFor, lots, picturesAt, type ExportPictures } from "./pictures.js";
import { refuseUnfit } from "./refusals.js";
import { runPictures } from "./runPictures.js";
import { selectFromBundle, type Assembled } from "./selection.js";
import { exportSource, type ExportSource } from "./source.js";

/** Pictures that 8 bits are calibrated on at most. */
const mostCalibration = 128;
/** Drawn pictures that a written file is run with. */
const checkedPictures = 4;

/** {@link Exported} by the library's name. */
export async function exportModel(
  source: string,
  target: string,
  options: ExportOptions = {},
): Promise<Exported> {
  const found = await exportSource(source);
  const { threads = 0, precision = "fp32", format = "onnx" } = options;
  refuseUnfit(found.facts, target, options);
  const engine = options.engine ?? (await cpuEngine({ threads, blocked: false }));
  const { selfTest: _old, ...facts } = found.facts;
  const selected = selectFromBundle(await readModelFile(found.path), facts, options);
  const pictures = await measuredPictures(found, options);
  try {
    const network = await inPrecision(selected.graph, selected.facts, pictures, engine, options);
    const form = inputOf(selected.facts, options);
    const made: Assembled = {
      graph: withInputForm(network, form, selected.facts.preprocessing),
      facts: { ...selected.facts, input: form },
    };
    const changes = pictures ? await changesOf(selected, made, pictures, engine, options) : undefined;
    const noted = { ...made, facts: withNotes(made.facts, facts, options, changes) };
    const expected = await expectedOf(selected, noted, engine, precision);
    const written =
      format === "hf"
        ? await writeHuggingFace(
            target,
            {
              selected,
              network,
              facts: noted.facts,
              precision,
              changes,
              figures: await figuresOf(found.path, found.run, noted.facts),
            },
            engine,
          )
        : await writeOneFile(target, noted, {
            engine,
            ...expected,
            onLarge: (bytes) => options.onMessage?.(`the file will have ${Math.round(bytes / 1e6)} MB`),
          });
    return { ...written, ...(changes ? { changes } : {}) };
  } finally {
    await pictures?.known.close();
    await pictures?.unknown?.close();
  }
}

/** Known pictures, and unknown ones where there are any. */
interface MeasuredPictures {
  readonly known: ExportPictures;
  readonly unknown: ExportPictures | null;
}

/** The pictures given; of a run that changes in precision, its own validation pictures. */
async function measuredPictures(
  { facts, run }: ExportSource,
  { pictures, unknown, precision = "fp32", onMessage }: ExportOptions,
): Promise<MeasuredPictures | null> {
  const leftOut = (id: string): void => onMessage?.(`${id} cannot be read and is left out`);
  if (pictures !== undefined)
    return {
      known: await picturesAt(pictures, facts.preprocessing, leftOut),
      unknown: unknown ? await picturesAt(unknown, facts.preprocessing, leftOut) : null,
    };
  return run !== null && precision !== "fp32" ? runPictures(run) : null;
}

async function inPrecision(
  graph: Graph,
  facts: BundleFacts,
  pictures: MeasuredPictures | null,
  engine: Engine,
  { precision = "fp32", onMessage, signal }: ExportOptions,
): Promise<Graph> {
  if (precision === "fp32") return graph;
  if (precision === "fp16") return halfPrecision(graph);
  if (pictures === null) throw oalError("OAL-E272", {});
  const feeds: { images: Tensor }[] = [];
  let count = 0;
  const most = passRows(64, facts.preprocessing.crop);
  for await (const lot of lots(everyOther(pictures.known.read(), 0), most)) {
    signal?.throwIfAborted();
    feeds.push({ images: imagesFor(lot, factsFor(facts, pictures.known, facts.input)) });
    count += lot.length;
    if (count >= mostCalibration) break;
  }
  onMessage?.(`8 bits are calibrated on ${count} pictures`);
  return quantise(graph, feeds satisfies Feeds, engine);
}

function inputOf(
  { preprocessing: { crop } }: BundleFacts,
  { layout = "nchw", resize }: ExportOptions,
): BundleInput {
  if (resize === undefined) return { layout, resizing: "outside", height: crop, width: crop };
  if (resize === "free") return { layout, resizing: "free", height: null, width: null };
  return { layout, resizing: "fixed", ...resize };
}

async function changesOf(
  before: Assembled,
  after: Assembled,
  { known, unknown }: MeasuredPictures,
  engine: Engine,
  { precision, onMessage, onProgress, signal }: ExportOptions,
): Promise<Changes> {
  // 8 bits are measured on the half that they were not calibrated on.
  const isHalf = precision === "int8";
  const total = (isHalf ? Math.floor(known.count / 2) : known.count) + (unknown?.count ?? 0);
  const asked: AskedPictures = {
    known: isHalf ? everyOther(known.read(), 1) : known.read(),
    unknown: unknown?.read() ?? null,
  };
  const sessions = [await engine.compile(before.graph), await engine.compile(after.graph)] as const;
  try {
    const changes = await measureChanges(
      { session: sessions[0], facts: factsFor(before.facts, known, after.facts.input) },
      { session: sessions[1], facts: factsFor(after.facts, known, after.facts.input) },
      asked,
      (done) => {
        signal?.throwIfAborted();
        onProgress?.(done, total);
      },
    );
    onMessage?.(changesSentence(changes));
    return changes;
  } finally {
    for (const session of sessions) await session.release();
  }
}

/**
 * What is noted of the file. What the one that it is made of noted stays only while it is true: with another cut the calibration promises
 * something else, and with another cut or another detector other decisions change.
 */
function withNotes(
  facts: BundleFacts,
  before: BundleFacts,
  { keep, precision = "fp32" }: ExportOptions,
  changes: Changes | undefined,
): BundleFacts {
  const { changes: measured, calibration, ...rest } = before.notes;
  const isSame = keep === undefined && facts.decides === before.decides;
  const promise = keep === undefined ? calibration : calibration && promiseAt(storedDetector(facts), keep);
  const told = changes ? changesSentence(changes) : isSame ? measured : undefined;
  const notes = {
    ...rest,
    ...(promise === undefined ? {} : { calibration: promise }),
    ...(precision === "fp32" ? {} : { precision }),
    ...(told === undefined ? {} : { changes: told }),
  };
  return { ...facts, notes };
}

/** What the calibration of a detector promises with another cut. */
function promiseAt({ decision: { count, cuts, perClass } }: StoredDetector, keep: number): string {
  return [
    ...promiseOf(count, keep).sentences,
    ...(perClass ? ["All classes have this cut."] : []),
    ...(cuts.ask === undefined ? [] : ["The second cut, below which a person should look, is where it was."]),
  ].join(" ");
}

/** Drawn pictures as the file takes them, and what it must say of them: with unchanged numbers, what the model says that it was made of. */
async function expectedOf(
  { graph, facts: before }: Assembled,
  { facts }: Assembled,
  engine: Engine,
  precision: string,
): Promise<{ images: Tensor; expected: CheckedOutputs }> {
  const { height, width, resizing } = facts.input;
  const { crop } = facts.preprocessing;
  // A side of free pictures is drawn a little longer than the model's.
  const [h, w] = [height ?? crop + 11, width ?? crop + 31];
  const pictures = Array.from({ length: checkedPictures }, (_, index) => drawnPicture(index, h, w));
  const given = imagesFor(pictures, facts);
  if (precision !== "fp32" || resizing === "free") return { images: given, expected: {} };
  const session = await engine.compile(graph);
  try {
    const outputs = await session.run({ images: imagesFor(pictures, before) });
    const names = ["logits", "features", ...facts.detectors.map((detector) => detector.outputs.score)];
    const expected = names.flatMap((name): [string, Tensor][] => {
      const tensor = outputs[name];
      return tensor ? [[name, tensor]] : [];
    });
    return { images: given, expected: Object.fromEntries(expected) };
  } finally {
    await session.release();
  }
}
