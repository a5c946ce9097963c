/** The prompts of a run with Stable Diffusion, as its configuration words them and the rows of METHOD 9 have it. */
import { OalError, oalError, suggest } from "oal-core";
import type { PromptedDiffusion } from "../outliers/stableDiffusion/open.js";
import {
  classPrompts,
  sharedToken,
  type ClassPrompt,
  type Wording,
} from "../outliers/stableDiffusion/prompts.js";
import { publishedWords } from "../outliers/stableDiffusion/publishedWords.js";
import type { Configuration } from "./configuration/schema.js";

/**
 * How prompts are worded: classes by their own names (an underscore is a space) or those of `synthesis.names`.
 *
 * @throws OAL-C202 for more classes than the published list has words
 */
export function wordingOf(
  { synthesis, fixes }: Pick<Configuration, "synthesis" | "fixes">,
  classNames: readonly string[],
): Wording {
  const { prompt, names: given } = synthesis;
  const names = classNames.map((name) => given[name] ?? name.replaceAll("_", " "));
  if (!fixes.r06 && names.length > publishedWords.length)
    throw oalError("OAL-C202", {
      at: "fixes.r06",
      where: "configuration",
      problem: `the published list has words for ${publishedWords.length} classes, and there are ${names.length}; leave it on`,
    });
  return {
    prompt,
    names,
    piece: fixes.r07 ? "last" : "first",
    ...(fixes.r06 ? {} : { words: publishedWords }),
  };
}

/**
 * The prompts of all classes.
 *
 * @throws those of `classPrompts` and `wordingOf`; OAL-T150 where a map of features could not tell two classes by their tokens
 */
export function promptsOf(
  config: Pick<Configuration, "synthesis" | "fixes">,
  { tokenizer }: Pick<PromptedDiffusion, "tokenizer">,
  classNames: readonly string[],
): ClassPrompt[] {
  const wording = wordingOf(config, classNames);
  const prompts = classPrompts(tokenizer, wording);
  const shared = sharedToken(prompts);
  if (config.synthesis.align && shared) {
    const [first = "", second = ""] = shared.map((label) => wording.names[label] ?? "");
    const piece = tokenizer.name(prompts[shared[0]]?.token ?? 0).replace("</w>", "");
    throw oalError("OAL-T150", { first, second, piece });
  }
  return prompts;
}

/**
 * What of a run's prompts would be refused.
 *
 * @param known all classes, one that is left out too
 * @param width of the teacher's features
 */
export function promptProblems(
  config: Configuration,
  model: PromptedDiffusion,
  known: readonly string[],
  width: number,
): OalError[] {
  const problems: OalError[] = [];
  const { names, align } = config.synthesis;
  for (const name of Object.keys(names)) {
    if (known.includes(name)) continue;
    const near = suggest(name, known);
    const problem = `there is no class "${name}"${near === undefined ? "" : `, did you mean "${near}"?`}`;
    problems.push(oalError("OAL-C202", { at: `synthesis.names.${name}`, where: "configuration", problem }));
  }
  const classes = known.filter((name) => name !== config.data.leaveOut);
  try {
    promptsOf(config, model, classes);
  } catch (error) {
    if (!(error instanceof OalError)) throw error;
    problems.push(error);
  }
  const { table, layout } = model;
  if (!align && table.width !== width)
    problems.push(oalError("OAL-D179", { path: layout.condition.path, width: table.width, found: width }));
  return problems;
}

/** The anchors of all classes: the embeddings of the tokens that give way, [classes, width]. */
export function anchorsOf(
  prompts: readonly ClassPrompt[],
  { table }: Pick<PromptedDiffusion, "table">,
): Float32Array {
  const anchors = new Float32Array(prompts.length * table.width);
  prompts.forEach(({ token }, label) => anchors.set(table.row(token), label * table.width));
  return anchors;
}
