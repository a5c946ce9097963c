/** How a task is trained: optimiser, rates, averaging. All plain data, so that a job can be sent to a worker. */

/** An optimiser by name, with its constants; absent ones have its defaults, others are refused. */
export interface OptimizerOptions {
  readonly id: string;
  /** Weight decay on the parameters that allow it; none when absent. */
  readonly weightDecay?: number;
  readonly [option: string]: unknown;
}

/** A schedule by name: the learning rate as a function of the step. */
export interface ScheduleOptions {
  readonly id: string;
  /** Largest learning rate. */
  readonly rate: number;
  readonly [option: string]: unknown;
}

/**
 * What weight decay acts on. `usual`: every parameter whose layer does not exempt it; with SGD a group with a higher rate is not decayed
 * faster. `all`: every parameter, at its group's rate (METHOD 7). `weights`: as usual, without vectors (biases, normalisations).
 */
export const decayed = ["usual", "all", "weights"] as const;

/** Everything the trainer needs to know besides the task. */
export interface TrainingOptions {
  /** Name used in events and errors, such as "teacher". */
  readonly name: string;
  readonly seed: number;
  readonly steps: number;
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  /** Multiplier of the learning rate for parameters whose name starts with a prefix. */
  readonly groupRates?: Readonly<Record<string, number>>;
  /** What weight decay acts on. Default "usual". */
  readonly decayOn?: (typeof decayed)[number];
  /** Largest L2 norm of all gradients together; no clipping when absent. */
  readonly clipNorm?: number;
  /** Decay of an exponential moving average of the parameters, which then is the result. */
  readonly ema?: number;
  /** What the training is, as a text that no other one has; its checkpoints carry it. Default: a hash of options, graph and data. */
  readonly identity?: string;
  /** Folder for checkpoints (the latest two are kept); none are written when absent. */
  readonly checkpointFolder?: string;
  /** Seconds between checkpoints; 0: after every step. Absent: only when it is stopped. */
  readonly checkpointSeconds?: number;
  /** Steps between two loss events. Default: 200 events over the whole training. */
  readonly logEvery?: number;
}
