/** Operator Trilu: the upper or lower triangle of the last two axes, zeros elsewhere. */
import { int, ShapeProblem, type Operator } from "../operator.js";
import { at, flowing, tensorAt, typeAt } from "./access.js";
import { apply } from "./apply.js";
import { tensorOf } from "./broadcasting.js";

export const Trilu: Operator = {
  name: "Trilu",
  sinceOpset: 14,
  attributes: { upper: "int" },
  infer: (inputs) => {
    const type = typeAt(inputs, 0);
    if (type.shape.length < 2) throw new ShapeProblem("a triangle needs two axes");
    return [type];
  },
  gradient: (node, dy) => [apply(Trilu, [flowing(dy), node.inputs[1] ?? null], node.attributes), null],
  reference: (inputs, attributes) => {
    const x = tensorAt(inputs, 0);
    const k = inputs[1] ? Number(inputs[1].data[0]) : 0;
    const [rows, columns] = [at(x.shape, x.shape.length - 2), at(x.shape, x.shape.length - 1)];
    const isUpper = int(attributes, "upper", 1) === 1;
    const values = Array.from<number | bigint, number>(x.data, (element, position) => {
      const column = position % columns;
      const row = Math.floor(position / columns) % rows;
      return (isUpper ? column - row >= k : column - row <= k) ? Number(element) : 0;
    });
    return [tensorOf(x.dtype, x.shape, values)];
  },
  testPoints: [
    { inputs: [{ dtype: "float32", shape: [2, 3, 4] }] },
    {
      inputs: [
        { dtype: "float32", shape: [4, 4] },
        { dtype: "int64", shape: [], values: [-1], constant: true },
      ],
      attributes: { upper: 0 },
    },
  ],
};
