/**
 * Faults that tests must see, by part of the program. A fault is { file, what, find, replace, tests }: `find` occurs
 * exactly once in `file`, and one of the test files `tests` fails when it is replaced.
 */
import { core } from "./core.mjs";
import { training } from "./training.mjs";
import { outliers } from "./outliers.mjs";
import { program } from "./program.mjs";

export const faults = [...core, ...training, ...outliers, ...program];
