/** Adam and AdamW. */
import { add, div, mul, sqrt, sub, type Value } from "oal-core";
import { z } from "zod";
import { positive, real } from "../../fields.js";
import { defineOptimiser, required, type Optimiser } from "./optimiser.js";

const schema = z.strictObject({
  beta1: real(0.9, 0, 0.9999, "decay of the first moment"),
  beta2: real(0.999, 0, 0.999999, "decay of the second moment"),
  epsilon: positive(1e-8, 1, "added to the root of the second moment"),
});

/**
 * Adam with coupled decay: g += decay p, then p -= rate / (1 - b1^k) m / (sqrt(v) / sqrt(1 - b2^k) + eps), k = step + 1.
 *
 * @source torch.optim.Adam (Kingma and Ba 2015, algorithm 1)
 */
export const adam = defineOptimiser({
  id: "adam",
  title: "Adam",
  source: "Kingma and Ba 2015, algorithm 1; torch.optim.Adam",
  schema,
  make: (options) => moments("adam", false, options),
});

/**
 * AdamW, decoupled decay: p *= 1 - rate decay, then Adam's step without decay.
 *
 * @source torch.optim.AdamW (Loshchilov and Hutter 2019, algorithm 2)
 */
export const adamW = defineOptimiser({
  id: "adamw",
  title: "AdamW",
  source: "Loshchilov and Hutter 2019, algorithm 2; torch.optim.AdamW",
  schema,
  make: (options) => moments("adamw", true, options),
});

function moments(
  id: string,
  decoupled: boolean,
  { beta1, beta2, epsilon }: z.output<typeof schema>,
): Optimiser {
  return {
    id,
    dividesDecay: false,
    stateNames: ["firstMoment", "secondMoment"],
    scalarNames: ["beta1", "gradientWeight", "firstCorrection", "secondCorrection"],
    // 1 - beta is fed instead of computed: in float32, 1 - 0.999 has only five good digits.
    scalarsAt: (step, cycled = beta1) => ({
      beta1: cycled,
      gradientWeight: 1 - cycled,
      firstCorrection: 1 / (1 - cycled ** (step + 1)),
      secondCorrection: 1 / Math.sqrt(1 - beta2 ** (step + 1)),
    }),
    update: (parameter, gradient, state, { learningRate, decay, own }) => {
      const decays = decay !== 0;
      const direction = decays && !decoupled ? add(gradient, mul(parameter, decay)) : gradient;
      const shrunk: Value =
        decays && decoupled
          ? sub(parameter, mul(parameter, product(learningRate, decay, parameter)))
          : parameter;
      const firstMoment = add(
        mul(required(state, "firstMoment"), required(own, "beta1")),
        mul(direction, required(own, "gradientWeight")),
      );
      const secondMoment = add(
        mul(required(state, "secondMoment"), beta2),
        mul(mul(direction, direction), 1 - beta2),
      );
      const scale = add(mul(sqrt(secondMoment), required(own, "secondCorrection")), epsilon);
      const rate = product(learningRate, required(own, "firstCorrection"), parameter);
      return {
        parameter: sub(shrunk, mul(div(firstMoment, scale), rate)),
        state: { firstMoment, secondMoment },
      };
    },
  };
}

/** A product of scalars, of which either may be a plain number. */
function product(a: number | Value, b: number | Value, near: Value): number | Value {
  return typeof a === "number" && typeof b === "number"
    ? a * b
    : mul(typeof a === "number" ? near.graph.scalar(a) : a, b);
}
