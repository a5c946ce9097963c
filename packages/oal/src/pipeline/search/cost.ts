/** What a search will cost, told before anything is trained. */
import type { ArtifactStore } from "../store/artifactStore.js";
import { estimate, type Pace } from "../store/rates.js";
import type { Rung } from "./rung.js";

/** What a round has still to make. */
export interface RungCost {
  /** Epochs of every student; null: as many as each candidate's configuration says. */
  readonly epochs: number | null;
  readonly candidates: number;
  readonly seeds: number;
  /** Trainings of students that are not in the store, and of all. */
  readonly students: number;
  readonly ofStudents: number;
  /** What else is missing that takes a training or a synthesis: "teacher", "latents". */
  readonly others: readonly string[];
  /** Seconds on this machine, of all that can be estimated. */
  readonly seconds: number;
  /** Whether something is missing whose like this machine has not done yet. */
  readonly hasUnknown: boolean;
}

/**
 * What is missing of a planned round.
 *
 * @param pace of the engine that will make it
 * @param earlier keys that a round before it makes
 */
export async function costOf(
  { plan, trials }: Rung,
  store: ArtifactStore,
  pace: Pace,
  epochs: number | null,
  earlier: ReadonlySet<string> = new Set(),
): Promise<RungCost> {
  const isStudent = (name: string): boolean => name.startsWith("student:");
  let [students, seconds, hasUnknown] = [0, 0, false];
  const others = new Set<string>();
  for (const { name, key, identity, effort, stage } of plan.stages) {
    if (earlier.has(key) || (await store.look(identity.stage, key)) !== null) continue;
    if (isStudent(name)) students += 1;
    else if (stage.id !== "validation") others.add(stage.id);
    const expected = effort ? await estimate(store.folder, effort, pace) : null;
    seconds += expected ?? 0;
    hasUnknown ||= expected === null;
  }
  return {
    epochs,
    candidates: new Set(trials.map(({ candidate }) => candidate.number)).size,
    seeds: new Set(trials.map(({ seed }) => seed)).size,
    students,
    ofStudents: plan.stages.filter(({ name }) => isStudent(name)).length,
    others: [...others],
    seconds,
    hasUnknown,
  };
}

/**
 * What a later round will cost of which it is not known yet who will be in it: as planned for all, the share that goes on.
 *
 * @param all the round with every candidate
 * @param candidates how many go on
 */
export function shareOf(all: RungCost, candidates: number): RungCost {
  const share = Math.min(1, candidates / all.candidates);
  return {
    ...all,
    candidates,
    students: Math.round(all.students * share),
    ofStudents: Math.round(all.ofStudents * share),
    seconds: all.seconds * share,
  };
}

/**
 * Seconds that are left, by those that were trained here: what was found in the store took no time, and will take none.
 *
 * @param elapsed seconds since the beginning
 * @param trained so many were trained since
 * @param open so many are still to be trained
 */
export function secondsLeft(elapsed: number, trained: number, open: number): number {
  return trained === 0 ? 0 : (elapsed / trained) * Math.max(0, open);
}
