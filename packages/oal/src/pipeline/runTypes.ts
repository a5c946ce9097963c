/**
 * The types of the library's main calls. They stand apart from run.ts so that the command line can name them without
 * loading an engine.
 */
import type { Choice } from "../evaluation/choice.js";
import type { Difference, EvaluationResult, SeedList, SeedRow } from "../evaluation/index.js";
import type { Configuration } from "./configuration/schema.js";
import type { RunEvent } from "./events.js";

/** What to run and where. */
export interface RunOptions {
  /** The whole configuration, as {@link loadConfiguration} resolves it. */
  readonly config: Configuration;
  /** The run folder; made when absent, continued when present. */
  readonly out: string;
  /** The stage to make, with everything that leads to it. Default: "report". */
  readonly until?: string;
  /** Train only students of these recipes. Default: `config.methods`. */
  readonly methods?: readonly string[];
  /** Runs even when it is estimated to need more memory than the container or the machine has. Default false. */
  readonly force?: boolean;
  /** Called with every event, in this thread, right after it was written. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Stops the run at the next step; finished steps are kept and the same call goes on from them. */
  readonly signal?: AbortSignal;
}

/** What a run left behind. */
export interface RunResult {
  /** The run folder, absolute. */
  readonly folder: string;
  /** Artifact folder by stage (students by `student:<method>`, of further seeds `student:<method>.seed<n>`), absolute. */
  readonly artifacts: Record<string, string>;
  /** One entry per seed and student, seed by seed, when the evaluation was reached. */
  readonly results?: EvaluationResult[];
  /** The seeds of the results, and what they vary. */
  readonly seeds?: SeedList;
  /** Means over several seeds, when the comparison was reached; empty for one seed. */
  readonly overSeeds?: SeedRow[];
  /** Every setting that could have been tuned and what chose it, when the evaluation was reached. */
  readonly choices?: Choice[];
  /** Paired differences between the students, when the comparison was reached. */
  readonly differences?: Difference[];
  /** Share of ID test images the teacher gets right, 0 to 1, the mean over seeds of the whole run, when there is a teacher and the evaluation was reached. */
  readonly teacherAccuracy?: number;
  /** The report, when it was reached. */
  readonly reportPath?: string;
}

/** What a run up to the measured results left behind. */
export interface EvaluatedRun extends RunResult {
  readonly results: EvaluationResult[];
}

/** What a whole run left behind. */
export interface FinishedRun extends EvaluatedRun {
  readonly differences: Difference[];
  readonly reportPath: string;
}
