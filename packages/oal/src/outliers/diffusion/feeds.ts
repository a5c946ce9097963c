/** Feeding models that others exported: every number in the element type and shape that the model declares for it. */
import { oalError, toNumbers, type DType, type Session, type Tensor, type ValueInfo, zeros } from "oal-core";
import { halfBits } from "../../exporting/halfFloat.js";

/** The element types that a model may declare for numbers it is fed with. */
const fedTypes: readonly DType[] = ["float32", "float16", "float64", "int64", "int32"];

/** The declared type of an input. @throws OAL-D172 for one that no number is fed as */
export function fedType({ name, dtype }: ValueInfo, path: string): DType {
  const found = fedTypes.find((type) => type === dtype);
  if (found !== undefined) return found;
  throw oalError("OAL-D172", { path, problem: `its input "${name}" is of type ${dtype}` });
}

/**
 * Numbers in another element type.
 *
 * @param values what is fed; whole numbers where the type is one of whole numbers
 * @cost float32 is not copied
 */
export function tensorAs(dtype: DType, shape: readonly number[], values: Float32Array): Tensor {
  if (dtype === "float32") return { dtype, shape, data: values };
  const data = zeros(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(Math.round(value));
    else if (dtype === "float16") data[i] = halfBits(value);
    else data[i] = dtype === "float64" ? value : Math.round(value);
  }
  return { dtype, shape, data };
}

/** The numbers of an output as float32. @cost float32 is not copied */
export function floatsOf(tensor: Tensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(toNumbers(tensor));
}

/** The number of rows that an input is declared with; null where the model leaves it open. */
export function declaredRows({ shape }: ValueInfo): number | null {
  const [rows] = shape;
  return typeof rows === "number" && rows > 0 ? rows : null;
}

/**
 * A time as a model declares it: a scalar, one number, or one for every row.
 *
 * @param rows that run at once
 */
export function timeTensor(input: ValueInfo, time: number, rows: number, path: string): Tensor {
  const dtype = fedType(input, path);
  const [size] = input.shape;
  const count = size === undefined ? 1 : typeof size === "number" ? size : rows;
  const shape = input.shape.map((_, axis) => (axis === 0 ? count : 1));
  return tensorAs(dtype, shape, new Float32Array(count).fill(time));
}

/** The input with one of some names, in their order. @throws OAL-D172 when there is none */
export function inputNamed({ inputs }: Session, names: readonly string[], path: string): ValueInfo {
  for (const wanted of names) {
    const found = inputs.find(({ name }) => name === wanted);
    if (found) return found;
  }
  const has = inputs.map(({ name }) => name).join(", ");
  throw oalError("OAL-D172", { path, problem: `it has no input "${names[0] ?? ""}", only ${has}` });
}
