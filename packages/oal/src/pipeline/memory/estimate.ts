/**
 * How much memory a run will need, counted from the graphs that it will build: what is alive at once at its batch sizes, and the arrays
 * that hold whole sets. Measured against real runs the figures are within a factor of 1.5 (docs/decisions/0009).
 */
import { heldOfRows } from "../../evaluation/rowFiles.js";
import { ce } from "../../training/recipes/ce.js";
import type { Configuration } from "../configuration/schema.js";
import { needsOf, type Aim } from "../foresight.js";
import type { RunModels } from "../models.js";
import { surelyFinetuned } from "../stages/finetunedTeacher.js";
import { choicesOf, widthOf } from "./networks.js";
import { ownDiffusionMemory, promptedMemory } from "./outliers.js";
import { memoryOf, type DataSizes, type StageMemory } from "./part.js";
import { classifierTraining, finetuning, largestRecipes, passOf, type Training } from "./training.js";

/**
 * The memory of every part of a run, the largest first.
 *
 * @cost builds each graph once, about 0.1 s each
 */
export function estimateMemory(
  config: Configuration,
  aim: Aim,
  sizes: DataSizes,
  models: RunModels = {},
): StageMemory[] {
  const choices = choicesOf(config, models, sizes.classes);
  const needs = needsOf(config, aim);
  const parts: StageMemory[] = [];
  const addTraining = (what: string, key: string, { graphs, arrays }: Training): void =>
    void parts.push(memoryOf(what, `${key}.batchSize`, graphs, arrays));
  const addOutputs = (name: "teacher" | "student", training: Training, held: number): void => {
    const pass = passOf(config, choices[name], training.specs);
    parts.push(memoryOf(`the ${name}'s outputs on all images`, "evaluation.batchSize", [pass], held));
  };
  const ownTeacher = needs.teacher && models.teacher === undefined;
  const teacher = ownTeacher ? classifierTraining(config, "teacher", ce.id, sizes, choices) : undefined;
  if (teacher) {
    addTraining("training the teacher", "teacher", teacher);
    // They go to a file as they come.
    addOutputs("teacher", teacher, 0);
  }
  if (needs.teacher && models.teacher && surelyFinetuned(config, models.teacher))
    addTraining("fine-tuning the teacher", "teacher.finetune", finetuning(config, models.teacher, sizes));
  if (needs.student) {
    const trainings = largestRecipes(aim.methods).map((recipe) =>
      classifierTraining(config, "student", recipe, sizes, choices, teacher),
    );
    const [largest] = trainings.toSorted((a, b) => bytesOf(b) - bytesOf(a));
    if (largest) {
      addTraining("training the student", "student", largest);
      const { all, sets, classes } = sizes;
      addOutputs("student", largest, heldOfRows(all, sets, [classes, widthOf(choices.student)]));
    }
  }
  if (needs.outliers && needs.ownDiffusion)
    parts.push(...ownDiffusionMemory(config, sizes, choices, teacher, needs.pooled));
  else if (needs.outliers && models.diffusion) parts.push(promptedMemory(config, models.diffusion));
  return parts.toSorted((a, b) => b.bytes - a.bytes);
}

/**
 * The part that needs most where steps are computed in blocks of channels. Those that need less in ordinary memory are not built anew:
 * blocks take a few per cent more at the most, and a third less where images are normalised.
 *
 * @param parts the largest first
 * @param block 0: steps are computed in ordinary memory
 */
export function largestInBlocks(parts: readonly StageMemory[], block: number): StageMemory | undefined {
  if (block === 0) return parts[0];
  let most: StageMemory | undefined;
  for (const part of parts) {
    if (most && most.bytes >= part.bytes) return most;
    const bytes = part.inBlocks?.(block) ?? part.bytes;
    if (!most || bytes > most.bytes) most = { ...part, bytes };
  }
  return most;
}

function bytesOf({ graphs, arrays }: Training): number {
  return graphs.reduce((sum, { live, held }) => sum + live + held, arrays);
}
