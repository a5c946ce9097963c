/** Stochastic gradient descent with momentum. */
import { add, mul, sub } from "oal-core";
import { z } from "zod";
import { flag, real } from "../../fields.js";
import { defineOptimiser, required, type Optimiser } from "./optimiser.js";

const schema = z.strictObject({
  momentum: real(
    0.9,
    0,
    0.9999,
    "share of the last update that goes on; 0 keeps no state (oneCycle varies its own)",
  ),
  nesterov: flag(true, "Nesterov's form of the momentum: look ahead"),
  dampening: real(0, 0, 1, "the gradient enters the momentum with 1 less this, but not in the first step"),
});

/**
 * d = g + decay p; b = m b + (1 - dampening) d, in the first step b = d; p -= rate (d + m b) with Nesterov, rate b without.
 *
 * @source torch.optim.SGD (Sutskever et al. 2013)
 */
export const sgd = defineOptimiser({
  id: "sgd",
  title: "SGD with momentum",
  source: "Sutskever et al. 2013; torch.optim.SGD",
  schema,
  ignored: ({ momentum }) => [[["nesterov", "dampening"], momentum === 0 && "momentum: 0"]],
  make: descent,
});

function descent({ momentum, nesterov, dampening }: z.output<typeof schema>): Optimiser {
  const plain = momentum === 0;
  const damped = !plain && dampening !== 0;
  return {
    id: "sgd",
    dividesDecay: true,
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
