/** The two modes: presets of the rows of METHOD 9, and the constants of the method that are no row. */
import { isRecord, leaves, merge, removePath, valueAt, type Tree } from "../merge.js";
import type { ConfigurationInput } from "../schema.js";
import { rowIds } from "./rows.js";

/** The modes. */
export const modes = ["corrected", "official"] as const;

/** A mode. */
export type Mode = (typeof modes)[number];

/**
 * What is published and no row: the loss (METHOD 5 to 7: weights, temperature, and nothing that is not in it), the epoch that is kept, and
 * how a teacher that does not know the classes is trained (METHOD 2).
 */
const officialConstants: ConfigurationInput = {
  kd: { logitsWeight: 4, featureWeight: 8, temperature: 1, dtLearningRate: 2, teacherView: "same" },
  mi: { embWeight: 0.1, latentWeight: 0.2 },
  exposure: { uniformWeight: 0, energyWeight: 0, distillWeight: 0 },
  // no latent is looked at by the teacher
  synthesis: { maxTeacherConfidence: 1 },
  student: { keep: "best" },
  teacher: { keep: "best", rest: "train", finetune: { when: "newClasses", head: "new" } },
};

/** What a mode lays over a preset: every constant of the published method, or nothing. */
export function constantsOf(mode: Mode): ConfigurationInput {
  return mode === "official" ? officialConstants : {};
}

/** Whether a row's fix is on in a mode, where nobody says otherwise. */
export function isFixedIn(mode: Mode): boolean {
  return mode === "corrected";
}

/** The mode that a tree asks for; what is no mode is refused with the schema. */
export function modeOf(tree: Tree): Mode | undefined {
  return modes.find((mode) => mode === tree["mode"]);
}

/** A tree with the switch of every row, those that it does not name as its mode has them. */
export function withEveryRow(tree: Tree): Tree {
  const fixed = isFixedIn(modeOf(tree) ?? "corrected");
  const every = Object.fromEntries(rowIds.map((id) => [id, fixed]));
  const given = tree["fixes"];
  return given !== undefined && !isRecord(given) ? tree : { ...tree, fixes: merge(every, given ?? {}) };
}

/** A file without the rows that are as its own mode has them: `oal config` writes them, and they ask for nothing. */
export function withoutUsualRows(file: Tree, preset: Tree): Tree {
  const fixes = file["fixes"];
  if (!isRecord(fixes)) return file;
  const usual = isFixedIn(modeOf(file) ?? modeOf(preset) ?? "corrected");
  const asked = Object.entries(fixes).filter(([, value]) => value !== usual);
  return { ...file, fixes: Object.fromEntries(asked) };
}

/**
 * A file in a mode: one that was written whole for the other mode (it names it) holds that mode's loss terms as the preset has them,
 * which then ask for nothing.
 *
 * @param defaults the preset, whole
 */
export function inMode(mode: Mode, file: Tree, defaults: () => Tree): Tree {
  const own = modeOf(file);
  if (own === undefined || own === mode) return file;
  const usual = defaults();
  return leaves(constantsOf(mode)).reduce((tree, path) => {
    const given = valueAt(tree, path);
    return given === undefined || given !== valueAt(usual, path) ? tree : removePath(tree, path);
  }, file);
}
