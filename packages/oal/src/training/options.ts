/** How a task is trained: optimiser, rates, averaging. All plain data, so that a job can be sent to a worker. */

/** Optimiser and its constants: each has only those that it reads. */
export type OptimizerOptions =
  | {
      readonly id: "sgd";
      readonly momentum?: number;
      /** Look ahead. */
      readonly nesterov?: boolean;
      /** Weight decay on the parameters that allow it. */
      readonly weightDecay?: number;
    }
  | {
      readonly id: "adam" | "adamw";
      /** Decay rates of the moments. */
      readonly betas?: readonly [number, number];
      /** Weight decay on the parameters that allow it; decoupled for adamw. */
      readonly weightDecay?: number;
    };

/** Learning rate as a function of the step. */
export type ScheduleOptions = {
  /** Largest learning rate. */
  readonly rate: number;
  /** Share of the steps in which the rate rises. */
  readonly warmup: number;
} & (
  | { readonly id: "constant" }
  | {
      readonly id: "cosine" | "oneCycle" | "triangular";
      /** The rate at the end, as a share of `rate`. */
      readonly finalFactor: number;
    }
);

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
  /** Largest L2 norm of all gradients together; no clipping when absent. */
  readonly clipNorm?: number;
  /** Decay of an exponential moving average of the parameters, which then is the result. */
  readonly ema?: number;
  /** What the training is, as a text that no other one has; its checkpoints carry it. Default: a hash of options, graph and data. */
  readonly identity?: string;
  /** Folder for checkpoints (the latest two are kept); none are written when absent. */
  readonly checkpointFolder?: string;
  /** Seconds between checkpoints; 0: after every step. Default 20. */
  readonly checkpointSeconds?: number;
  /** Steps between two loss events. Default: 200 events over the whole training. */
  readonly logEvery?: number;
}
