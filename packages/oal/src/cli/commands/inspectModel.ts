/** `oal inspect`: what a model is, found in its graph, checked by running it. */
import { oalError, printable, type Engine, type ModelFacts } from "oal-core";
import { guessNormalisation, withGuessedNormalisation } from "../../models/guessNormalisation.js";
import { checkTaps, type TapCheck } from "../../models/checkTaps.js";
import { cutWords } from "../../bundle/cutWords.js";
import type { KnownNormalisation, LoadedModel } from "../../models/load.js";
import { samplePictures } from "../../models/samplePictures.js";
import { isWeightsFile } from "../../models/weightsModel.js";
import { loadToFit } from "../../pipeline/loadModel.js";
import { findPictures } from "../../pipeline/pictureFiles.js";
import { cpuEngine } from "../../runtime/engines/index.js";
import { interruptible } from "../interrupt.js";
import type { ModelOptions } from "../modelOptions.js";
import { loadOptionsOf } from "./loadOptions.js";
import { lateProgress } from "../progress.js";

/** The options of `oal inspect`. */
export interface InspectModelOptions extends ModelOptions {
  readonly pictures?: readonly string[];
  readonly threads?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Pictures that normalisations are tried on at most. */
const mostPictures = 72;

/** Prints what a model is. */
export async function inspectModelCommand(path: string, options: InspectModelOptions): Promise<void> {
  const { pictures = [], threads = 0, json = false, quiet = false } = options;
  const { model: found, isCutAssumed } = await loadToFit(path, loadOptionsOf("oal inspect", options));
  const engine = await cpuEngine({ threads, blocked: false });
  const check = await checkTaps(found, engine);
  const tried = await tryPictures(found, engine, pictures, quiet);
  const { model, guess } = tried;
  const lines = (): string => describeModel(path, model, check, guess, isCutAssumed);
  process.stdout.write(json ? asJson(path, model, check, guess, isCutAssumed) : lines());
}

/** The model with the normalisation that pictures speak for where nothing else does; and what they say where something does. */
async function tryPictures(
  model: LoadedModel,
  engine: Engine,
  paths: readonly string[],
  quiet: boolean,
): Promise<{ readonly model: LoadedModel; readonly guess: KnownNormalisation | null }> {
  if (paths.length === 0 || model.facts.input.dtype.includes("int")) return { model, guess: null };
  const found = await findPictures(paths);
  const progress = lateProgress("inspect", { quiet });
  try {
    const pictures = await samplePictures(found.pictures(), found.count, model.preprocessing, mostPictures);
    if (pictures.length < 2)
      throw oalError("OAL-D103", {
        path: paths.join(", "),
        what: "normalisations are tried on two pictures or more",
      });
    return await interruptible({ resumes: false, note: (text) => progress.note(text) }, async (signal) => {
      const onProgress = (done: number, total: number): void => progress.at(done, total);
      const options = { engine, pictures, signal, onProgress };
      if (model.normalisation.source === "assumed")
        return { model: await withGuessedNormalisation(model, options), guess: null };
      return { model, guess: await guessNormalisation(model, options) };
    });
  } finally {
    progress.close();
    await found.close();
  }
}

function asJson(
  path: string,
  model: LoadedModel,
  check: TapCheck,
  guess: KnownNormalisation | null,
  cutIsAssumed: boolean,
): string {
  const { kind, path: file, hash, producer, facts, preprocessing, normalisation, classNames, bundle } = model;
  const { approximations } = model;
  const all = {
    path,
    kind,
    file,
    sha256: hash,
    producer,
    facts,
    preprocessing,
    cutIsAssumed,
    approximations,
    normalisation,
    triedOnPictures: guess,
    classNames,
    classNamesFrom: model.classNamesFrom,
    check,
    bundle: bundle && {
      name: bundle.name,
      version: bundle.version,
      decides: bundle.decides,
      detectors: bundle.detectors.map(({ id, title }) => ({ id, title })),
      ingredients: bundle.ingredients,
    },
  };
  return `${JSON.stringify(all, null, 2)}\n`;
}

/** The lines for people. */
export function describeModel(
  path: string,
  model: LoadedModel,
  check: TapCheck,
  guess: KnownNormalisation | null,
  isCutAssumed: boolean,
): string {
  const { facts, normalisation, preprocessing, kind, bundle } = model;
  const { logits, features } = facts;
  const what = logits ? `a classifier of ${logits.classes} classes` : "a feature extractor, without classes";
  const file = isWeightsFile(model.path) ? "safetensors file" : "ONNX file";
  const whose = { foreign: file, bundle: "model file of oal", run: "model of a run of oal" }[kind];
  const rows: [string, string][] = [
    ["pictures", inputLine(facts)],
    ["", `${cutWords(preprocessing)} (${preprocessing.interpolation})`],
    ...(isCutAssumed
      ? [
          [
            "",
            "nothing says how pictures are cut: so oal fit shows them; oal run shows it whole ones",
          ] satisfies [string, string],
        ]
      : []),
    ...model.approximations.map((text): [string, string] => ["", text]),
    ...(model.isOfChosenSize
      ? [
          ["", `the file leaves the size open; ${preprocessing.crop} is taken (--size)`] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ["class scores", scoresLine(facts)],
    [
      "features",
      features
        ? `${features.value}, ${features.width} numbers${facts.pooling === null ? "" : `: ${facts.pooling}`}`
        : "none found: detectors of class scores only",
    ],
    ["last layer", headLine(facts, check)],
    [
      "maps",
      facts.maps
        .map(({ name, channels, height, width }) => `${name} ${channels} x ${height} x ${width}`)
        .join(", ") || "none found",
    ],
    ["class names", namesLine(model)],
    ["normalisation", normalisationLine(normalisation)],
    ...normalisation.evidence.map((text): [string, string] => ["", text]),
    ...(guess
      ? guess.evidence.map((text): [string, string] => ["", `Pictures say ${guess.name}: ${text}`])
      : []),
    ["parameters", facts.parameters.toLocaleString("en")],
    ["operators", operatorsLine(facts)],
    ...gradientLines(facts),
  ];
  if (bundle) {
    const ids = bundle.detectors.map(({ id }) => (id === bundle.decides ? `${id} (decides)` : id));
    rows.push(["detectors", ids.join(", ")]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${printable(text)}`);
  const head = `${printable(path)}: ${what} (${whose}${model.producer === "" ? "" : `, ${printable(model.producer)}`})`;
  return `${[head, ...lines].join("\n")}\n`;
}

function inputLine({ input, preprocessingInside }: ModelFacts): string {
  const { name, layout, dtype, channels, height, width, batch } = input;
  const sides = [height ?? "height", width ?? "width"];
  const shape = layout === "nchw" ? [channels, ...sides] : [...sides, channels];
  const count = batch === null ? "batch" : batch;
  const fixed =
    batch === null
      ? ""
      : batch === 0
        ? "; one at a time in the file, any number in oal"
        : `; ${batch} at a time in the file, any number in oal`;
  const inside = preprocessingInside ? "; with arithmetic on pixels inside" : "";
  return `${name}, ${dtype} [${(batch === 0 ? shape : [count, ...shape]).join(", ")}]${channels === 1 ? ", grey" : ""}${fixed}${inside}`;
}

function scoresLine({ logits }: ModelFacts): string {
  if (!logits) return "none: a last layer can be fitted to the features";
  const { value, output, activation } = logits;
  if (activation === null) return value === output ? output : `${value}, behind the output ${output}`;
  return `${value}; the file puts out their ${activation} as ${output}`;
}

function headLine({ head, logits }: ModelFacts, check: TapCheck): string {
  if (!head || check.head === null) return logits ? "not linear in the features, or not found" : "none";
  const bias = head.bias === null ? "" : ` + ${head.bias}`;
  return `${head.operator} ${head.weight}${bias}: gives the class scores from the features to ${check.head.toPrecision(1)}`;
}

function namesLine({ classNames, classNamesFrom }: LoadedModel): string {
  if (!classNames) return "none found; give a list with --labels FILE";
  const shown = classNames.slice(0, 3).join("; ");
  return `${shown}${classNames.length > 3 ? `; ... ${classNames.at(-1) ?? ""}` : ""} (${classNamesFrom ?? ""})`;
}

function normalisationLine({ name, source, mean, std, order }: KnownNormalisation): string {
  const short = (values: readonly number[]): string => {
    const texts = values.map((value) => String(Number(value.toPrecision(4))));
    return new Set(texts).size === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  };
  const from = {
    given: "given",
    guess: "by the pictures",
    assumed: "assumed",
    "the file": "by the file",
    "preprocessor_config.json": "",
  }[source];
  const colours = order === "bgr" ? ", blue first" : "";
  return `${name}: (pixel / 255 - ${short(mean)}) / ${short(std)}${colours}${from === "" ? "" : ` (${from})`}`;
}

function operatorsLine({ operators }: ModelFacts): string {
  return operators.map(({ type, count }) => `${type} ${count}`).join(", ");
}

/** Which operators no gradient flows through, and which are not understood. */
function gradientLines({ operators }: ModelFacts): [string, string][] {
  const [opaque, understood] = [true, false].map((isOpaque) =>
    operators.filter((each) => (each.opaque !== null) === isOpaque),
  );
  const still = understood?.filter(({ differentiable }) => !differentiable).map(({ type }) => type) ?? [];
  const lines: [string, string][] = [
    [
      "gradients",
      still.length === 0 ? "flow through all of them" : `flow through all but ${still.join(", ")}`,
    ],
  ];
  if (!opaque || opaque.length === 0) return lines;
  const reasons = opaque.map(({ type, opaque: reason }) => `${type} (${reason ?? ""})`).join("; ");
  return [
    ["gradients", `flow through ${still.length === 0 ? "the others" : `the others but ${still.join(", ")}`}`],
    ["not understood", `${reasons}: kept as they stand`],
  ];
}
