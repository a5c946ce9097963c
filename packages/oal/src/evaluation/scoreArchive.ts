/** Reader of OpenOOD's published score files: `<data set>.npz` with members conf.npy and, usually, label.npy and pred.npy. */
import { oalError, readNpy, toNumbers, type Tensor } from "oal-core";
import { openArchive } from "../data/archives/archiveKind.js";

/** Scores of one data set as published. */
export interface ScoreArchive {
  /** Confidence [n] in its own precision (float64 for klm, fdbd, openmax). */
  readonly confidence: Float32Array | Float64Array;
  /** [n], -1 = OOD; null when the archive does not say what its images are. */
  readonly labels: Int32Array | null;
  /** [n]; null when the archive has none (then no accuracy, CCR or OSCR). */
  readonly predictions: Int32Array | null;
}

const MEMBERS: ReadonlySet<string> = new Set(["conf.npy", "label.npy", "pred.npy"]);

/**
 * Reads a score archive: members stored or deflated, in any order, integers and floats of every usual width.
 *
 * @throws OAL-E206 when it is no archive, lacks a member, holds Fortran order, members of different lengths, more than one number
 *   an image, or classes that are no whole numbers
 */
export async function readScoreArchive(path: string): Promise<ScoreArchive> {
  try {
    const members = await readMembers(path);
    const confidence = members.get("conf.npy");
    const labels = members.get("label.npy");
    const predictions = members.get("pred.npy");
    if (confidence === undefined) throw new Error("conf.npy is missing");
    const n = confidence.data.length;
    const { shape } = confidence;
    if (shape.filter((extent) => extent !== 1).length > 1)
      throw new Error(`conf.npy is an array of ${shape.join(" x ")} numbers and no list of scores`);
    if ([labels, predictions].some((member) => member !== undefined && member.data.length !== n)) {
      throw new Error("the members have different lengths");
    }
    const { data } = confidence;
    const floats = data instanceof Float32Array || data instanceof Float64Array;
    return {
      confidence: floats ? data : Float64Array.from(toNumbers(confidence)),
      labels: labels === undefined ? null : integers(labels, "label.npy"),
      predictions: predictions === undefined ? null : integers(predictions, "pred.npy"),
    };
  } catch (error) {
    throw oalError(
      "OAL-E206",
      { path, reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}

/** Classes, which are whole: a gap (NaN) or the -1 of unsigned numbers would otherwise become class 0. */
function integers(tensor: Tensor, member: string): Int32Array {
  const values = toNumbers(tensor);
  const row = values.findIndex((value) => value !== (value | 0));
  if (row >= 0) throw new Error(`${member} has ${values[row]} in row ${row + 1}, which is no class`);
  return Int32Array.from(values);
}

async function readMembers(path: string): Promise<Map<string, Tensor>> {
  const members = new Map<string, Tensor>();
  for await (const member of openArchive(path).read(MEMBERS)) {
    if ("problem" in member) throw new Error(`${member.path}: ${member.problem}`);
    members.set(member.path, readNpy(member.bytes, member.path));
  }
  return members;
}
