/** Trains a round of a search and measures it; a point that cannot be trained or measured by itself is left out. */
import { isOalError, oalError, OalError, type ErrorCode } from "oal-core";
import { duration } from "../../report/format.js";
import type { PlannedStage } from "../plan/planner.js";
import { walkPlan, type StageWorkshop } from "../plan/walk.js";
import { readValidation } from "../stages/evaluationArtifact.js";
import type { Candidate } from "./candidates.js";
import { secondsLeft } from "./cost.js";
import {
  assertMeasured,
  figuresOfCandidates,
  type CandidateFigures,
  type TrainedCandidate,
} from "./figures.js";
import { figuresOf, type Rung, type Trial } from "./rung.js";

/** A candidate that was not trained. */
export interface RefusedCandidate extends Pick<CandidateFigures, "number" | "name" | "values" | "method"> {
  /** Of the error. */
  readonly code: string;
  readonly reason: string;
}

/** What came of a round. */
export interface TrainedRound {
  readonly candidates: readonly CandidateFigures[];
  readonly refused: readonly RefusedCandidate[];
}

/**
 * What is true of a point alone: its training diverges, or of its outlier source the pictures fail their audit, none is left of them, or
 * none can be made with this teacher or these embeddings. Whatever else happens is true of the machine or of all points.
 */
const ofOnePoint: readonly ErrorCode[] = [
  "OAL-T101",
  "OAL-D181",
  "OAL-D182",
  "OAL-D183",
  "OAL-D184",
  "OAL-D187",
  "OAL-D188",
  "OAL-D189",
];

function isOfOnePoint(error: unknown): error is OalError {
  return error instanceof OalError && ofOnePoint.includes(error.code);
}

/**
 * Trains a round.
 *
 * @param judges detectors by which candidates are compared
 * @param name what events call it
 * @throws the error of the first candidate where every one is refused; else as a run, but for errors of one point alone
 */
export async function trainRound(
  rung: Rung | undefined,
  candidates: readonly Candidate[],
  judges: readonly string[],
  workshop: StageWorkshop,
  name: string,
): Promise<TrainedRound> {
  if (!rung) throw oalError("OAL-X101", { problem: "a round of a search was not planned" });
  const { plan, trials } = rung;
  const planned = new Map(plan.stages.map((stage) => [stage.name, stage]));
  const failed = new Map<string, OalError>();
  const failureOf = (trial: Trial): OalError | undefined => failureBefore(planned.get(trial.name), failed);
  const isTrial = (stage: PlannedStage): boolean => trials.some((trial) => trial.name === stage.name);
  const missing = await missingOf(plan.stages.filter(isTrial), workshop);
  let [done, measured] = [0, 0];
  const log = workshop.events.stage(name);
  const began = Date.now();
  const artifacts = await walkPlan(
    plan,
    workshop,
    (stage, _artifact, made) => {
      if (isTrial(stage)) {
        done += 1;
        if (made) measured += 1;
        const total = trials.filter((trial) => !failureOf(trial)).length;
        const open = Math.min(missing - measured, total - done);
        const left = secondsLeft((Date.now() - began) / 1000, measured, open);
        log.progress(done, total, { text: "students trained and measured" });
        if (made && left > 0) log.message(`${done} of ${total} students, about ${duration(left)} left`);
      }
      return Promise.resolve();
    },
    (stage, error) => {
      if (!isOfOnePoint(error)) return false;
      failed.set(stage.name, error);
      log.warning(`${error.message}; the search goes on without it`);
      return true;
    },
  );
  const trained: TrainedCandidate[] = [];
  const refused: RefusedCandidate[] = [];
  const unmeasured: OalError[] = [];
  for (const candidate of candidates) {
    const own = trials.filter((trial) => trial.candidate.number === candidate.number);
    const [failure] = own.flatMap((trial) => failureOf(trial) ?? []);
    if (failure) {
      refused.push(refusedOf(candidate, failure));
      continue;
    }
    const results = await Promise.all(own.map((trial) => readValidation(figuresOf(trial, artifacts))));
    try {
      assertMeasured(results, judges);
      trained.push({ candidate, results });
    } catch (error) {
      if (!isOalError(error, "OAL-E277")) throw error;
      log.warning(`${error.message}; the search goes on without it`);
      unmeasured.push(error);
      refused.push(refusedOf(candidate, error));
    }
  }
  const [failure] = [...failed.values(), ...unmeasured];
  if (trained.length === 0 && failure) throw failure;
  return { candidates: figuresOfCandidates(trained, judges), refused };
}

/** How many of these the store does not have. */
async function missingOf(stages: readonly PlannedStage[], { store }: StageWorkshop): Promise<number> {
  const found = await Promise.all(stages.map(({ identity, key }) => store.look(identity.stage, key)));
  return found.filter((manifest) => manifest === null).length;
}

/** The error of a stage, or of one that it is made of. */
function failureBefore(
  stage: PlannedStage | undefined,
  failed: ReadonlyMap<string, OalError>,
): OalError | undefined {
  if (!stage || failed.size === 0) return undefined;
  const own = failed.get(stage.name);
  if (own) return own;
  for (const input of stage.inputs.values()) {
    const found = failureBefore(input, failed);
    if (found) return found;
  }
  return undefined;
}

function refusedOf(
  { number, name, values, config }: Candidate,
  { code, message }: OalError,
): RefusedCandidate {
  return {
    number,
    ...(name === undefined ? {} : { name }),
    values,
    method: config.methods[0] ?? "",
    code,
    reason: message,
  };
}
