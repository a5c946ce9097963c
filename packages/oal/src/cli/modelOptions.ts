/** Options of commands that take a model of anyone: what to say of it where its files do not. */
import { InvalidArgumentError, Option, type Command } from "commander";
import type { ResizeRule } from "oal-core";
import { wholeNumber } from "./options.js";

/** What these options give. */
export interface ModelOptions {
  readonly images?: string;
  readonly logits?: string;
  readonly features?: string;
  readonly classes?: number;
  readonly labels?: string;
  readonly size?: number;
  readonly resize?: ResizeRule;
  readonly mean?: Triple;
  readonly std?: Triple;
  readonly bgr?: boolean;
}

/** No mean or deviation of pixels in 0..1 is larger; those of pixels in 0..255 are. */
const largest = 4;

type Triple = readonly [number, number, number];

/** "0.485,0.456,0.406", or one number for all three colours. */
function triple(text: string): Triple {
  const numbers = text.split(",").map((word) => (word.trim() === "" ? NaN : Number(word)));
  const [a = NaN, b = a, c = a] = numbers;
  if ((numbers.length !== 1 && numbers.length !== 3) || ![a, b, c].every(Number.isFinite))
    throw new InvalidArgumentError("must be three numbers with commas between, or one.");
  if ([a, b, c].some((value) => Math.abs(value) > largest))
    throw new InvalidArgumentError(
      "must be of pixels in 0..1: divide numbers of pixels in 0..255, as 127.5, by 255.",
    );
  return [a, b, c];
}

function divisors(text: string): Triple {
  const found = triple(text);
  if (!found.every((value) => value > 0)) throw new InvalidArgumentError("must be above 0.");
  return found;
}

/** "256", the shorter side, or "224x224", height and width. */
function resizeRule(text: string): ResizeRule {
  const [, height, width] = /^(\d+)x(\d+)$/i.exec(text) ?? [];
  const sides = [Number(height), Number(width)] as const;
  if (sides.every((side) => side >= 1)) return sides;
  const shorter = Number(text);
  if (/^\d+$/.test(text) && shorter >= 1) return shorter;
  throw new InvalidArgumentError("must be a whole number of at least 1, or HEIGHTxWIDTH as 224x224.");
}

/** Adds them. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      "--labels <file>",
      "class names in the model's order, one a line or JSON; default: what lies beside it",
    )
    .addOption(
      new Option("--mean <r,g,b>", "what is subtracted from pixels in 0..1, with --std").argParser(triple),
    )
    .addOption(new Option("--std <r,g,b>", "what they are divided by then, with --mean").argParser(divisors))
    .option("--bgr", "the model takes blue, green, red; what else its pixels become is found")
    .option("--size <pixels>", "side of the pictures, where the model leaves it open", wholeNumber(1))
    .option(
      "--resize <pixels>",
      "what the shorter side becomes before the centre is cut out; 224x224 squeezes whole pictures to this height and width",
      resizeRule,
    )
    .option("--images <name>", "the model's input for pictures, where it has several")
    .option("--logits <name>", "the value with the class scores before any softmax, where it is not found")
    .option("--features <name>", "the value with the features, where it is not found")
    .option("--classes <n>", "number of classes, where several outputs could be meant", wholeNumber(1));
}
