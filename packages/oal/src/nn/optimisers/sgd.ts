/** Stochastic gradient descent with momentum. */
import { add, mul, sub } from "oal-core";
import { required, type Optimiser } from "./optimiser.js";

/** Constants of SGD. */
export interface SgdOptions {
  /** In [0, 1); 0 keeps no state. Default 0.9. */
  readonly momentum?: number;
  /** Look ahead. Default true, as in the published trainer. */
  readonly nesterov?: boolean;
  /** The gradient enters the buffer with weight 1 - dampening, but not in the first step. Default 0. */
  readonly dampening?: number;
}

/**
 * d = g + decay p; b = m b + (1 - dampening) d, in the first step b = d; p -= rate (d + m b) with Nesterov, rate b without.
 *
 * @source torch.optim.SGD (Sutskever et al. 2013)
 */
export function sgd({ momentum = 0.9, nesterov = true, dampening = 0 }: SgdOptions = {}): Optimiser {
  const plain = momentum === 0;
  const damped = !plain && dampening !== 0;
  return {
    id: "sgd",
    stateNames: plain ? [] : ["momentum"],
    scalarNames: plain ? [] : damped ? ["momentum", "gradientWeight"] : ["momentum"],
    scalarsAt: (step, cycled = momentum) => {
      if (plain) return {};
      return damped
        ? { momentum: cycled, gradientWeight: step === 0 ? 1 : 1 - dampening }
        : { momentum: cycled };
    },
    update: (parameter, gradient, state, { learningRate, decay, own }) => {
      const direction = decay === 0 ? gradient : add(gradient, mul(parameter, decay));
      if (plain) return { parameter: sub(parameter, mul(direction, learningRate)), state: {} };
      const weight = required(own, "momentum");
      const entering = damped ? mul(direction, required(own, "gradientWeight")) : direction;
      const buffer = add(mul(required(state, "momentum"), weight), entering);
      const step = nesterov ? add(direction, mul(buffer, weight)) : buffer;
      return { parameter: sub(parameter, mul(step, learningRate)), state: { momentum: buffer } };
    },
  };
}
