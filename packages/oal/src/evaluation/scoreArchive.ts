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
 * @throws OAL-E206 when it is no archive, lacks a member, holds Fortran order or members of different lengths
 */
export async function readScoreArchive(path: string): Promise<ScoreArchive> {
  try {
    const members = await readMembers(path);
    const confidence = members.get("conf.npy");
    const labels = members.get("label.npy");
    const predictions = members.get("pred.npy");
    if (confidence === undefined) throw new Error("conf.npy is missing");
    const n = confidence.data.length;
    if ([labels, predictions].some((member) => member !== undefined && member.data.length !== n)) {
      throw new Error("the members have different lengths");
    }
    const { data } = confidence;
    const floats = data instanceof Float32Array || data instanceof Float64Array;
    return {
      confidence: floats ? data : Float64Array.from(toNumbers(confidence)),
      labels: labels === undefined ? null : integers(labels),
      predictions: predictions === undefined ? null : integers(predictions),
    };
  } catch (error) {
    throw oalError(
      "OAL-E206",
      { path, reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}

function integers(tensor: Tensor): Int32Array {
  return Int32Array.from(toNumbers(tensor));
}

async function readMembers(path: string): Promise<Map<string, Tensor>> {
  const members = new Map<string, Tensor>();
  for await (const member of openArchive(path).read(MEMBERS)) {
    if ("problem" in member) throw new Error(`${member.path}: ${member.problem}`);
    members.set(member.path, readNpy(member.bytes, member.path));
  }
  return members;
}
