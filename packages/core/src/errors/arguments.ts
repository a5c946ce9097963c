/**
 * Checks of arguments where strangers call: what is no number, no list or no value of a graph is refused by name instead of failing
 * somewhere inside. A check costs a few comparisons; what inner loops call has none.
 */
import { oalError } from "./error.js";
import { nearest } from "./nearest.js";

/** The part of an argument that is wrong: where it is ("results[0].model"), what it must be, and what was found. */
interface Fault {
  readonly argument: string;
  readonly wanted: string;
  readonly value: unknown;
}

/** What an argument may be. */
export interface Kind {
  /** "an array of numbers": what follows "must be". */
  readonly words: string;
  /** Null for an argument that is of this kind. */
  fault(value: unknown, argument: string): Fault | null;
}

/** A kind from its words and a test. */
export function kind(words: string, accepts: (value: unknown) => boolean): Kind {
  return {
    words,
    fault: (value, argument) => (accepts(value) ? null : { argument, wanted: words, value }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isWhole(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

/** A typed array other than of bigints. */
function isTyped(value: unknown): value is ArrayLike<number> {
  if (!ArrayBuffer.isView(value) || value instanceof DataView) return false;
  return !(value instanceof BigInt64Array || value instanceof BigUint64Array);
}

/** An array without holes whose elements pass a test. */
function isListOf(value: unknown, accepts: (element: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (let index = 0; index < value.length; index++) if (!accepts(value[index])) return false;
  return true;
}

/** An array in which every element is of a kind; the fault names the element. */
function listOf(element: Kind): Kind {
  return {
    words: "an array",
    fault(value, argument) {
      if (!Array.isArray(value)) return { argument, wanted: "an array", value };
      for (let index = 0; index < value.length; index++) {
        const fault = element.fault(value[index], `${argument}[${index}]`);
        if (fault) return fault;
      }
      return null;
    },
  };
}

/** An object with at least these properties; the fault names the property, and what stands there in its place when it is misspelt. */
function fields(properties: Readonly<Record<string, Kind>>): Kind {
  const words = `an object with ${Object.keys(properties).join(", ")}`;
  return {
    words,
    fault(value, argument) {
      if (!isRecord(value)) return { argument, wanted: words, value };
      for (const [name, each] of Object.entries(properties)) {
        const fault = each.fault(value[name], `${argument}.${name}`);
        if (!fault) continue;
        const others =
          value[name] === undefined ? Object.keys(value).filter((key) => !(key in properties)) : [];
        const near = nearest(name, others);
        return near === undefined ? fault : { ...fault, wanted: `${fault.wanted} (there is "${near}")` };
      }
      return null;
    },
  };
}

/** An object whose properties, whatever they are called, are all of a kind; the fault names the property. */
function recordOf(element: Kind): Kind {
  return {
    words: "an object",
    fault(value, argument) {
      if (!isRecord(value)) return { argument, wanted: "an object", value };
      for (const [name, each] of Object.entries(value)) {
        const fault = element.fault(each, `${argument}.${name}`);
        if (fault) return fault;
      }
      return null;
    },
  };
}

/** A kind, or undefined. */
function optional(given: Kind): Kind {
  return {
    words: given.words,
    fault: (value, argument) => (value === undefined ? null : given.fault(value, argument)),
  };
}

/** A kind, or null. */
function nullable(given: Kind): Kind {
  return {
    words: `${given.words} or null`,
    fault: (value, argument) => (value === null ? null : given.fault(value, argument)),
  };
}

/** The kinds of argument. */
export const kinds = {
  number: kind("a number", (value) => typeof value === "number"),
  finite: kind("a finite number", (value) => Number.isFinite(value)),
  integer: kind("a whole number", (value) => Number.isSafeInteger(value)),
  count: kind("a whole number of at least 0", (value) => isWhole(value, 0)),
  positiveCount: kind("a whole number of at least 1", (value) => isWhole(value, 1)),
  fraction: kind(
    "a number between 0 and 1",
    (value) => typeof value === "number" && value >= 0 && value <= 1,
  ),
  boolean: kind("true or false", (value) => typeof value === "boolean"),
  text: kind("a string", (value) => typeof value === "string"),
  name: kind("a string that is not empty", (value) => typeof value === "string" && value !== ""),
  callback: kind("a function", (value) => typeof value === "function"),
  record: kind("an object", (value) => isRecord(value) && !Array.isArray(value)),
  textRecord: kind(
    "an object of strings",
    (value) => isRecord(value) && Object.values(value).every((each) => typeof each === "string"),
  ),
  bytes: kind("a Uint8Array", (value) => value instanceof Uint8Array),
  float32: kind("a Float32Array", (value) => value instanceof Float32Array),
  float64: kind("a Float64Array", (value) => value instanceof Float64Array),
  numbers: kind(
    "an array or typed array of numbers",
    (value) => isTyped(value) || isListOf(value, (element) => typeof element === "number"),
  ),
  wholeNumbers: kind(
    "an array or typed array of whole numbers",
    (value) => (isTyped(value) || Array.isArray(value)) && Array.from(value).every(Number.isSafeInteger),
  ),
  integers: kind("an array of whole numbers", (value) =>
    isListOf(value, (element) => Number.isSafeInteger(element)),
  ),
  sizes: kind("an array of whole numbers of at least 0", (value) =>
    isListOf(value, (element) => isWhole(element, 0)),
  ),
  signal: kind("an AbortSignal", (value) => value instanceof AbortSignal),
  oneOf: (names: readonly string[]): Kind =>
    kind(`one of ${names.join(", ")}`, (value) => typeof value === "string" && names.includes(value)),
  listOf,
  fields,
  recordOf,
  optional,
  nullable,
} as const;

/** A few words about what was given instead. */
export function describeValue(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "bigint") return `the bigint ${value}`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  if (!isRecord(value)) return String(value);
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string" || name === "Object") return "an object";
  return isTyped(value) && typeof value["length"] === "number" ? `${name} of ${value["length"]}` : name;
}

/**
 * Checks the arguments of a call.
 *
 * @param call the function's name
 * @param given every argument with its kind, by name
 * @throws OAL-C120 for the first argument that is not of its kind
 * @example expectArguments("auroc", { id: [id, kinds.numbers], ood: [ood, kinds.numbers] });
 */
export function expectArguments(
  call: string,
  given: Readonly<Record<string, readonly [value: unknown, kind: Kind]>>,
): void {
  for (const name in given) {
    const fault = given[name]?.[1].fault(given[name][0], name);
    if (!fault) continue;
    const { argument, wanted, value } = fault;
    throw oalError("OAL-C120", { call, argument, wanted, found: describeValue(value) });
  }
}
