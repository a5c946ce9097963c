/**
 * Arithmetic of axes some of whose sizes are open. A size is a number or a text in one canonical form: a sum of products of names
 * and of floors, as "N", "3*N", "H*W+1" or "floor((H+3)/4)". Equal texts are equal sizes; every open size is at least 1.
 */
import { expectArguments } from "../errors/index.js";
import { ShapeProblem } from "./operator.js";
import { aDimList, type Dim, type Dims } from "./tensor.js";

/** A product of atoms (names, names in braces, floors) and a factor. */
interface Term {
  readonly factor: number;
  readonly atoms: readonly string[];
}

/** A sum of terms with different atoms. */
type Polynomial = readonly Term[];

/** Names that need no braces inside a sum or product. */
const plainName = /^[^\s*+\-/(){},]+$/;
const isNumber = /^\d+$/;

/** Sorted, equal products joined, zeros left out. */
function collected(terms: readonly Term[]): Polynomial {
  const byAtoms = new Map<string, Term>();
  for (const { factor, atoms } of terms) {
    const sorted = [...atoms].sort();
    const key = sorted.join("*");
    byAtoms.set(key, { factor: factor + (byAtoms.get(key)?.factor ?? 0), atoms: sorted });
  }
  return [...byAtoms]
    .filter(([, { factor }]) => factor !== 0)
    .sort(([a, { atoms: left }], [b, { atoms: right }]) => right.length - left.length || (a < b ? -1 : 1))
    .map(([, term]) => term);
}

/** Expressions of more terms or factors are no sizes of anybody's model: a chain of squares would have no end. */
const mostTerms = 64;
const mostFactors = 16;

function times(a: Polynomial, b: Polynomial): Polynomial {
  const factors = [a, b].map((sum) => Math.max(0, ...sum.map(({ atoms }) => atoms.length)));
  if (a.length * b.length > 4 * mostTerms || (factors[0] ?? 0) + (factors[1] ?? 0) > mostFactors)
    throw new ShapeProblem("a size is too long an expression");
  return collected(
    a.flatMap((left) =>
      b.map((right) => ({ factor: left.factor * right.factor, atoms: [...left.atoms, ...right.atoms] })),
    ),
  );
}

function plus(a: Polynomial, b: Polynomial): Polynomial {
  if (a.length + b.length > 2 * mostTerms) throw new ShapeProblem("a size is too long an expression");
  return collected([...a, ...b]);
}
const constant = (factor: number): Polynomial => (factor === 0 ? [] : [{ factor, atoms: [] }]);

/** The number that a polynomial without atoms is. */
function numberOf(polynomial: Polynomial): number | undefined {
  const [first, ...rest] = polynomial;
  if (!first) return 0;
  return rest.length === 0 && first.atoms.length === 0 ? first.factor : undefined;
}

/** The canonical text. */
function textOf(polynomial: Polynomial): string {
  return polynomial
    .map(({ factor, atoms }, index) => {
      const size = Math.abs(factor);
      const sign = factor < 0 ? "-" : index > 0 ? "+" : "";
      return sign + [...(size === 1 && atoms.length > 0 ? [] : [String(size)]), ...atoms].join("*");
    })
    .join("");
}

function dimOf(polynomial: Polynomial): Dim {
  const number = numberOf(polynomial);
  if (number !== undefined) return number;
  const [first, ...rest] = polynomial;
  const [atom = "", ...others] = first?.atoms ?? [];
  const isName = first?.factor === 1 && rest.length === 0 && others.length === 0 && atom.startsWith("{");
  return isName ? atom.slice(1, -1) : textOf(polynomial);
}

/** A size as a polynomial: a text that is not in canonical form is a name like any other. */
function polynomialOf(size: Dim): Polynomial {
  if (typeof size === "number") return constant(size);
  if (plainName.test(size) && !isNumber.test(size)) return [{ factor: 1, atoms: [size] }];
  const parsed = parsedName(size);
  if (parsed && textOf(parsed) === size && numberOf(parsed) === undefined) return parsed;
  return [{ factor: 1, atoms: [`{${size.replaceAll(/[{}]/g, "_")}}`] }];
}

/** A name as an expression; null where it is none, or too long a one to be oal's. */
function parsedName(name: string): Polynomial | null {
  try {
    return new SizeParser(name).parse();
  } catch (error) {
    if (error instanceof ShapeProblem) return null;
    throw error;
  }
}

/** Reads the canonical form back. */
class SizeParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Polynomial | null {
    const sum = this.#sum();
    return sum && this.#at === this.#text.length ? sum : null;
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #sum(): Polynomial | null {
    let total: Polynomial = [];
    let sign = this.#take("-") ? -1 : 1;
    for (;;) {
      const product = this.#product();
      if (!product) return null;
      total = plus(total, times(constant(sign), product));
      if (this.#take("+")) sign = 1;
      else if (this.#take("-")) sign = -1;
      else return total;
    }
  }

  #product(): Polynomial | null {
    let product = constant(1);
    do {
      const factor = this.#factor();
      if (!factor) return null;
      product = times(product, factor);
    } while (this.#take("*"));
    return product;
  }

  #factor(): Polynomial | null {
    if (this.#take("floor(")) {
      const isSum = this.#take("(");
      const inner = isSum ? this.#sum() : this.#product();
      if (!inner || (isSum && !this.#take(")")) || !this.#take("/")) return null;
      const [digits = ""] = /^\d+/.exec(this.#text.slice(this.#at)) ?? [];
      this.#at += digits.length;
      return Number(digits) >= 1 && this.#take(")") ? floorOf(inner, Number(digits)) : null;
    }
    const [found = ""] = /^(\{[^{}]*\}|[^\s*+\-/(){},]+)/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += found.length;
    if (found === "") return null;
    return isNumber.test(found) ? constant(Number(found)) : [{ factor: 1, atoms: [found] }];
  }
}

/** The parts of an atom "floor(inner/divisor)"; null for a name. */
function floorParts(atom: string): { inner: Polynomial; divisor: number } | null {
  const [, text = "", divisor = ""] = /^floor\((.*)\/(\d+)\)$/.exec(atom) ?? [];
  if (text === "") return null;
  const inner = new SizeParser(text.startsWith("(") ? text.slice(1, -1) : text).parse();
  return inner && { inner, divisor: Number(divisor) };
}

/** floor(sum / divisor), multiples of the divisor taken out and a floor within a floor made one. */
function floorOf(sum: Polynomial, divisor: number): Polynomial {
  const whole = sum.map(({ factor, atoms }) => ({ factor: Math.floor(factor / divisor), atoms }));
  const rest = collected(
    sum.map(({ factor, atoms }) => ({ factor: factor - divisor * Math.floor(factor / divisor), atoms })),
  );
  // What is left as a number is smaller than the divisor.
  if (numberOf(rest) !== undefined) return collected(whole);
  const [first, second] = rest;
  const inside = first?.factor === 1 && first.atoms.length === 1 ? floorParts(first.atoms[0] ?? "") : null;
  const added =
    rest.length === 1 ? 0 : rest.length === 2 && second?.atoms.length === 0 ? second.factor : null;
  if (inside && added !== null) {
    const wider = plus(inside.inner, constant(added * inside.divisor));
    return plus(collected(whole), floorOf(wider, inside.divisor * divisor));
  }
  if (first && first.factor * 2 > divisor) {
    // floor(x / k) = -floor((k - 1 - x) / k): of the two, the one whose first factor is at most half the divisor.
    const other = floorOf(plus(constant(divisor - 1), times(constant(-1), rest)), divisor);
    return plus(collected(whole), times(constant(-1), other));
  }
  const text = rest.length === 1 ? textOf(rest) : `(${textOf(rest)})`;
  return plus(collected(whole), [{ factor: 1, atoms: [`floor(${text}/${divisor})`] }]);
}

/**
 * A number that the sum never falls below, or -Infinity where none is seen: floors are bounded by what they round, then every
 * name is written as 1 + something that is not negative.
 */
function lowerBound(sum: Polynomial): number {
  let bounded: Polynomial = [];
  for (const { factor, atoms } of sum) {
    let product = constant(factor);
    for (const atom of atoms) {
      const floor = floorParts(atom);
      const shifted: Polynomial = [
        { factor: 1, atoms: [atom] },
        { factor: 1, atoms: [] },
      ];
      if (!floor) product = times(product, shifted);
      else {
        const { inner, divisor } = floor;
        const rounded = factor > 0 ? plus(inner, constant(1 - divisor)) : inner;
        product = times(product, times(constant(1 / divisor), shiftedNames(rounded)));
      }
    }
    bounded = plus(bounded, product);
  }
  const rounding = 1e-9;
  if (bounded.some(({ factor, atoms }) => atoms.length > 0 && factor < -rounding)) return -Infinity;
  return (bounded.find(({ atoms }) => atoms.length === 0)?.factor ?? 0) - rounding;
}

/** Every name n of a sum as n + 1; a floor within it is too much for these bounds and stays a name. */
function shiftedNames(sum: Polynomial): Polynomial {
  return collected(
    sum.flatMap(({ factor, atoms }) =>
      atoms.reduce<Polynomial>(
        (product, atom) =>
          times(
            product,
            floorParts(atom)
              ? [{ factor: 1, atoms: [atom] }]
              : [
                  { factor: 1, atoms: [atom] },
                  { factor: 1, atoms: [] },
                ],
          ),
        constant(factor),
      ),
    ),
  );
}

/** Number of elements along several axes: a number where none is open, otherwise a product such as "3*N". */
export function productOf(dims: Dims): Dim {
  expectArguments("productOf", { dims: [dims, aDimList] });
  return dimOf(dims.map(polynomialOf).reduce(times, constant(1)));
}

/** Whether this is a size or a whole number, and not a broken number. */
export function isWhole(size: Dim): boolean {
  return typeof size === "string" || Number.isInteger(size);
}

/** Sum of sizes. */
export function sumOf(dims: Dims): Dim {
  return dims.every((size) => typeof size === "number")
    ? dims.reduce<number>((sum, size) => sum + size, 0)
    : dimOf(dims.map(polynomialOf).reduce(plus, []));
}

/** a - b. */
export function differenceOf(a: Dim, b: Dim): Dim {
  return typeof a === "number" && typeof b === "number" ? a - b : sumOf([a, productOf([-1, b])]);
}

/** size / divisor rounded down, for a divisor of at least 1. */
export function floorOfQuotient(size: Dim, divisor: number): Dim {
  return typeof size === "number" ? Math.floor(size / divisor) : dimOf(floorOf(polynomialOf(size), divisor));
}

/** Whether a size is seen to be at least this number whatever its open sizes are. */
export function isAtLeast(size: Dim, least: number): boolean {
  if (typeof size === "number") return size >= least;
  const bound = lowerBound(polynomialOf(size));
  return Math.ceil(bound) >= least;
}

/** total / part where that is a size for every value of the names; otherwise undefined. */
export function quotientOf(total: Dim, part: Dim): Dim | undefined {
  let rest = polynomialOf(total);
  const divisor = polynomialOf(part);
  const [lead] = divisor;
  if (!lead) return undefined;
  let quotient: Polynomial = [];
  // Long division by the leading term; each step takes one term away, or there is no quotient.
  for (let step = 0; rest.length > 0; step++) {
    const [first] = rest;
    const other = first && step < 64 ? termQuotient(first, lead) : undefined;
    if (!other) return undefined;
    quotient = plus(quotient, [other]);
    rest = plus(rest, times(constant(-1), times([other], divisor)));
  }
  return dimOf(quotient);
}

function termQuotient(term: Term, divisor: Term): Term | undefined {
  const atoms = [...term.atoms];
  for (const atom of divisor.atoms) {
    const place = atoms.indexOf(atom);
    if (place < 0) return undefined;
    atoms.splice(place, 1);
  }
  const factor = term.factor / divisor.factor;
  return Number.isInteger(factor) ? { factor, atoms } : undefined;
}

/** A size in which names are replaced by numbers. */
export function withSizes(size: Dim, numbers: Readonly<Record<string, number>>): Dim {
  if (typeof size === "number") return size;
  if (Object.hasOwn(numbers, size)) return numbers[size] ?? size;
  const replaced = (sum: Polynomial): Polynomial =>
    sum.reduce<Polynomial>(
      (total, { factor, atoms }) =>
        plus(
          total,
          atoms.reduce<Polynomial>((product, atom) => times(product, replacedAtom(atom)), constant(factor)),
        ),
      [],
    );
  const replacedAtom = (atom: string): Polynomial => {
    const floor = floorParts(atom);
    if (floor) return floorOf(replaced(floor.inner), floor.divisor);
    const name = atom.startsWith("{") ? atom.slice(1, -1) : atom;
    return Object.hasOwn(numbers, name) ? constant(numbers[name] ?? 0) : [{ factor: 1, atoms: [atom] }];
  };
  return dimOf(replaced(polynomialOf(size)));
}
