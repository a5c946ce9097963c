/** What computes the steps of a training: one stepper, or two that hand the state to each other where epochs end in a smaller step. */
import type { CarriedTensor, Engine, Stepper, Tensor } from "oal-core";
import type { TrainingOptions } from "./options.js";
import { buildTrainingStep, nextName, type TrainingStep } from "./step.js";
import { isRest, type TrainingTask } from "./task.js";

/** The steppers of a training. */
export class Steppers {
  readonly #task: TrainingTask;
  readonly #whole: Stepper;
  readonly #rest: Stepper | undefined;
  #current: Stepper;

  private constructor(task: TrainingTask, whole: Stepper, rest: Stepper | undefined) {
    this.#task = task;
    this.#whole = whole;
    this.#rest = rest;
    this.#current = whole;
  }

  /** Prepares them. @param step the graph of the whole batches */
  static async make(
    engine: Engine,
    task: TrainingTask,
    step: TrainingStep,
    options: TrainingOptions,
  ): Promise<Steppers> {
    const whole = await engine.stepper(step.graph, carriedBy(step));
    if (!task.rest) return new Steppers(task, whole, undefined);
    try {
      const last = buildTrainingStep(task.rest, options);
      return new Steppers(task, whole, await engine.stepper(last.graph, carriedBy(last)));
    } catch (error) {
      await whole.release();
      throw error;
    }
  }

  /** Sets the state. */
  load(state: ReadonlyMap<string, Tensor>): Promise<void> {
    return this.#current.load(state);
  }

  /** Computes one step, counted from 0, and carries the state on. */
  async step(at: number, feeds: Readonly<Record<string, Tensor>>): ReturnType<Stepper["step"]> {
    const wanted = this.#rest && isRest(this.#task, at) ? this.#rest : this.#whole;
    if (wanted !== this.#current) {
      await wanted.load(await this.#current.read());
      this.#current = wanted;
    }
    return wanted.step(feeds);
  }

  /** The state. */
  read(): ReturnType<Stepper["read"]> {
    return this.#current.read();
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#whole.release();
    await this.#rest?.release();
  }
}

/** What a step graph carries: new values where it computes them, frozen tensors as they are. */
function carriedBy({ graph, stateNames }: TrainingStep): CarriedTensor[] {
  return stateNames.map((name) => {
    const next = nextName(name);
    return graph.outputs.has(next) ? { name, next } : { name };
  });
}
