/** Arithmetic of axes some of whose sizes are open: products of names and numbers, as "N", "3*N" or "N*T". */
import { expectArguments } from "../errors/index.js";
import { aDimList, type Dim, type Dims } from "./tensor.js";

interface Monomial {
  readonly factor: number;
  readonly names: readonly string[];
}

/** A name that is itself a product; every other expression of a file is a name like any other. */
const isProduct = /^(\d+\*)?[^\s*+\-/()]+(\*[^\s*+\-/()]+)*$/;

function monomial(size: Dim): Monomial {
  if (typeof size === "number") return { factor: size, names: [] };
  if (!isProduct.test(size)) return { factor: 1, names: [size] };
  const parts = size.split("*");
  const [first = ""] = parts;
  return /^\d+$/.test(first) && parts.length > 1
    ? { factor: Number(first), names: parts.slice(1) }
    : { factor: 1, names: parts };
}

function sizeFrom({ factor, names }: Monomial): Dim {
  if (names.length === 0 || factor === 0) return factor;
  return [...(factor === 1 ? [] : [String(factor)]), ...[...names].sort()].join("*");
}

/** Number of elements along several axes: a number where none is open, otherwise a product such as "3*N". */
export function productOf(dims: Dims): Dim {
  expectArguments("productOf", { dims: [dims, aDimList] });
  const parts = dims.map(monomial);
  return sizeFrom({
    factor: parts.reduce((product, part) => product * part.factor, 1),
    names: parts.flatMap((part) => part.names),
  });
}

/** total / part where that is a size for every value of the names; otherwise undefined. */
export function quotientOf(total: Dim, part: Dim): Dim | undefined {
  const [whole, divisor] = [monomial(total), monomial(part)];
  const names = [...whole.names];
  for (const name of divisor.names) {
    const place = names.indexOf(name);
    if (place < 0) return undefined;
    names.splice(place, 1);
  }
  const factor = whole.factor / divisor.factor;
  return Number.isInteger(factor) ? sizeFrom({ factor, names }) : undefined;
}
