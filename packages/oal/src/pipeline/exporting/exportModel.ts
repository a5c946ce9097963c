/** A model becomes one file for others: chosen, cut, changed in form or precision, written, run, or not written at all. */
import { rename, rm, stat } from "node:fs/promises";
import { randomInt } from "node:crypto";
import { dirname } from "node:path";
import { oalError, type Engine, type Graph, type Tensor } from "oal-core";
import type { BundleFacts, BundleInput } from "../../bundle/facts.js";
import type { CheckedOutputs } from "../../bundle/index.js";
import { writeAssembled } from "../../bundle/write.js";
import { halfPrecision } from "../../exporting/half.js";
import { withInputForm } from "../../exporting/inputForm.js";
import { quantise, type Feeds } from "../../exporting/quantise.js";
import { cpuEngine } from "../../runtime/engines/index.js";
import { makeFolder } from "../../runtime/makeFolder.js";
import { readModelFile } from "../../runtime/modelFile.js";
import { passRows } from "../../runtime/passRows.js";
import { changesSentence, imagesFor, measureChanges, type AskedPictures, type Changes } from "./changes.js";
import { drawnPicture } from "./drawnPictures.js";
import type { Exported, ExportOptions } from "./exportOptions.js";
import { figuresOf } from "./figures.js";
import { writeHuggingFace } from "./huggingFace.js";
import { everyOther, lots, picturesAt, type ExportPictures } from "./pictures.js";
import { refuseUnfit } from "./refusals.js";
import { targetError } from "./targetError.js";
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
    const noted = { ...made, facts: withNotes(made.facts, precision, changes) };
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
        : await writeOne(target, noted, { engine, ...expected }, options);
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
    feeds.push({ images: imagesFor(lot, facts) });
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
      { session: sessions[0], facts: before.facts },
      { session: sessions[1], facts: after.facts },
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

function withNotes(facts: BundleFacts, precision: string, changes: Changes | undefined): BundleFacts {
  const notes = {
    ...facts.notes,
    ...(precision === "fp32" ? {} : { precision }),
    ...(changes ? { changes: changesSentence(changes) } : {}),
  };
  return { ...facts, notes };
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

/** Writes the file aside, runs it there, and gives it its name. */
async function writeOne(
  target: string,
  { graph, facts }: Assembled,
  check: { readonly engine: Engine; readonly images: Tensor; readonly expected: CheckedOutputs },
  { onMessage }: ExportOptions,
): Promise<Omit<Exported, "changes">> {
  const aside = `${target}.${process.pid}${randomInt(2 ** 40)}.onnx`;
  const onLarge = (bytes: number): void => onMessage?.(`the file will have ${Math.round(bytes / 1e6)} MB`);
  try {
    await makeFolder(dirname(target));
    const written = await writeAssembled(aside, graph, facts, { ...check, onLarge });
    await rename(aside, target);
    return { path: target, files: [target], bytes: (await stat(target)).size, facts: written };
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined); // its own error tells less
    throw targetError(target, error);
  }
}
