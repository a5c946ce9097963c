/** The page of a model in a folder for transformers.js: what it is, how it is asked, and its figures. */
import { commonCut, type BundleFacts } from "../../bundle/facts.js";
import { cutWords } from "../../bundle/cutWords.js";
import { changesSentence, type Changes } from "./changes.js";
import type { ExportFigure } from "./figures.js";

/** What a page tells. */
export interface CardContents {
  readonly facts: BundleFacts;
  readonly changes: Changes | undefined;
  readonly figures: readonly ExportFigure[];
  readonly precision: "fp32" | "fp16" | "int8";
  /** The precision as transformers.js calls it. */
  readonly dtype: string;
  /** Name of the folder. */
  readonly folder: string;
}

/** Names of classes that a page lists at most. */
const mostNames = 30;

/** The page, as Markdown with the front matter of a model hub. */
export function modelCard({ facts, changes, figures, precision, dtype, folder }: CardContents): string {
  const { name, classNames, preprocessing, ingredients, notes, version } = facts;
  const { interpolation } = preprocessing;
  const decider = facts.detectors.find(({ id }) => id === facts.decides);
  const more = classNames.length > mostNames ? `, and ${classNames.length - mostNames} more` : "";
  const lines = [
    "---",
    "library_name: transformers.js",
    "pipeline_tag: image-classification",
    "tags:",
    "- image-classification",
    "- out-of-distribution-detection",
    "- onnx",
    "---",
    "",
    `# ${name}`,
    "",
    `An image classifier of ${classNames.length} classes (${classNames.slice(0, mostNames).map(inline).join(", ")}${more}), exported by oal ${version}.`,
    "",
    "```js",
    'import { pipeline, env } from "@huggingface/transformers";',
    'env.localModelPath = "the folder that this one lies in";',
    `const classify = await pipeline("image-classification", ${JSON.stringify(folder)}, { dtype: ${JSON.stringify(dtype)} });`,
    'console.log(await classify("picture.jpg"));',
    "```",
    "",
    "## Known or unknown",
    "",
    ...(decider ? knownLines(decider) : []),
    ...table(
      "Figures",
      ["of the bundle, with pictures resized by oal", ""],
      figures.map(({ what, value }) => [what, value]),
    ),
    "",
    "## Pictures",
    "",
    `Pictures are resized: ${cutWords(preprocessing)} (${interpolation}). The model rounds \`pixel_values\` to the bytes that they come from, so that equal pixels give equal numbers wherever it runs. transformers.js resizes by sharp in Node and by a canvas in browsers, not by Pillow's tables: pixels differ by some grey levels, and pictures close to the cut may be decided otherwise than by the bundle that this folder was made of. Its own ${interpolation === "nearest" ? "nearest" : `${interpolation} does not average where it reduces, so \`preprocessor_config.json\` names Lanczos (\`resample\` 1), which does`}.`,
    ...(changes
      ? [
          "",
          "## What changed",
          "",
          `Against the bundle, with pictures resized by oal: ${changesSentence(changes)}.`,
        ]
      : []),
    ...(precision === "fp32" ? [] : ["", precisionLine(precision)]),
    ...table(
      "Notes",
      ["note", "value"],
      Object.entries(notes).filter(([key]) => key !== "changes"),
    ),
    ...table(
      "Made from",
      ["for", "name", "licence", "origin"],
      ingredients.map((each) => [each.role, each.name, each.licence, each.origin]),
    ),
    "",
  ];
  return lines.join("\n");
}

function knownLines({ id, title, decision }: BundleFacts["detectors"][number]): string[] {
  const { target, kept, count } = decision;
  const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;
  return [
    "Beside `logits` the model gives `score`, `pValue` and `known` for every picture (call the model itself, not the pipeline, to have them). A picture is known when its score reaches the cut; another share of known pictures is kept by `pValue > 1 - share`.",
    "",
    "| | |",
    "| --- | --- |",
    `| detector | ${inline(title)} (\`${id}\`) |`,
    `| share of known pictures to keep | ${percent(target)} |`,
    `| kept of the ${count} calibration pictures | ${percent(kept)} |`,
    `| cut | ${commonCut(decision) ?? "one for every predicted class"} |`,
  ];
}

function precisionLine(precision: "fp16" | "int8"): string {
  return precision === "fp16"
    ? "`onnx/model_fp16.onnx` computes its network with 16 bits; detector and decision keep 32."
    : "`onnx/model_quantized.onnx` computes its network with whole numbers of 8 bits; last layer, detector and decision keep 32 bits.";
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.map(inline).join(" | ")} |`;
  return ["", `## ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** Text in a line of Markdown: neither a new line nor a table's bar nor markup. */
function inline(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_[\]<>|]/g, (sign) => (sign === "_" ? sign : `\\${sign}`));
}
