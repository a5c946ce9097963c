/**
 * Hyper-parameters of detectors as plain data: one schema makes the defaults, the check, the messages, the help and the
 * values a test must see refused. No validation library, so the core stays small.
 */
import { expectArguments, type Kind, kinds, oalError } from "../errors/index.js";

/** Domain of one number. Bounds are absent when there is none. */
export interface ParameterSpec {
  readonly kind: "real" | "integer";
  readonly default: number;
  /** Smallest legal value. */
  readonly min?: number;
  /** Largest legal value. */
  readonly max?: number;
  /** Exclusive lower bound. */
  readonly above?: number;
  /** Exclusive upper bound. */
  readonly below?: number;
  /**
   * For a rank among the images of the fit: the largest default, as a share of the smallest class. A rank beyond a class
   * measures the distance to other classes.
   */
  readonly classShare?: number;
  /** Grid of the automatic parameter search, first maximum wins. */
  readonly search?: readonly number[];
  /** Meaning, unit, and why the default. */
  readonly description: string;
}

/** The hyper-parameters of a detector by name. */
export type ParameterSchema = Readonly<Record<string, ParameterSpec>>;

/** Checked values of a schema. */
export type ParameterValues<Schema extends ParameterSchema> = Readonly<
  Record<Extract<keyof Schema, string>, number>
>;

const bound = kinds.optional(kinds.number);
const aSpec = kinds.fields({ default: kinds.number, min: bound, max: bound, above: bound, below: bound });
const aSchema: Kind = {
  words: "an object of parameters",
  fault: (value, argument) =>
    kinds.record.fault(value, argument) ??
    kinds.listOf(aSpec).fault(Object.values(value ?? {}), `${argument}: parameters`),
};

/** Declares a real parameter. */
export function real(spec: Omit<ParameterSpec, "kind">): ParameterSpec {
  expectArguments("real", { spec: [spec, aSpec] });
  return { kind: "real", ...spec };
}

/** Declares an integer parameter. */
export function integer(spec: Omit<ParameterSpec, "kind">): ParameterSpec {
  expectArguments("integer", { spec: [spec, aSpec] });
  return { kind: "integer", ...spec };
}

/** The domain in words: "an integer in [1, inf)". */
export function describeRange(spec: ParameterSpec): string {
  const low = spec.above !== undefined ? `(${spec.above}` : spec.min !== undefined ? `[${spec.min}` : "(-inf";
  const high = spec.below !== undefined ? `${spec.below})` : spec.max !== undefined ? `${spec.max}]` : "inf)";
  return `${spec.kind === "integer" ? "an integer" : "a real number"} in ${low}, ${high}`;
}

/** Does a value lie in the domain? */
export function isLegal(spec: ParameterSpec, value: unknown): value is number {
  return (
    typeof value === "number" &&
    Number.isFinite(value) &&
    (spec.kind === "real" || Number.isInteger(value)) &&
    value >= (spec.min ?? -Infinity) &&
    value <= (spec.max ?? Infinity) &&
    value > (spec.above ?? -Infinity) &&
    value < (spec.below ?? Infinity)
  );
}

/** Values just outside the domain, for tests over the registry. */
export function illegalValues(spec: ParameterSpec): unknown[] {
  const values: unknown[] = [NaN, Infinity, "1", null];
  if (spec.kind === "integer") values.push(spec.default + 0.5);
  if (spec.min !== undefined) values.push(spec.min - 1);
  if (spec.above !== undefined) values.push(spec.above);
  if (spec.max !== undefined) values.push(spec.max + 1);
  if (spec.below !== undefined) values.push(spec.below);
  return values;
}

/** Whether a record has all of the keys; a checked narrowing of its type. */
export function hasAll<Key extends string, T>(
  record: Readonly<Record<string, T>>,
  keys: readonly Key[],
): record is Readonly<Record<Key, T>> & Readonly<Record<string, T>> {
  return keys.every((key) => record[key] !== undefined);
}

/**
 * Fills in defaults and checks every value.
 *
 * @param detector  id, for messages
 * @param schema  the detector's parameters
 * @param given  values by name; absent ones take the default
 * @throws OAL-E202 for an unknown name or a value outside its domain
 */
export function resolveParameters<Schema extends ParameterSchema>(
  detector: string,
  schema: Schema,
  given: Readonly<Record<string, unknown>> = {},
): ParameterValues<Schema> {
  expectArguments("resolveParameters", {
    detector: [detector, kinds.text],
    schema: [schema, aSchema],
    given: [given, kinds.record],
  });
  const names = Object.keys(schema);
  for (const parameter of Object.keys(given)) {
    if (!names.includes(parameter)) {
      const range = names.length === 0 ? "absent (there are no parameters)" : `one of ${names.join(", ")}`;
      throw oalError("OAL-E202", { detector, parameter, range, found: "an unknown name" });
    }
  }
  const values: Record<string, number> = {};
  for (const [parameter, spec] of Object.entries(schema)) {
    const value = given[parameter] ?? (parameter in given && given[parameter] === null ? null : spec.default);
    if (!isLegal(spec, value)) {
      const found = typeof value === "number" ? String(value) : JSON.stringify(value);
      throw oalError("OAL-E202", { detector, parameter, range: describeRange(spec), found });
    }
    values[parameter] = value;
  }
  const keys = names.filter((name): name is Extract<keyof Schema, string> => name in schema);
  if (!hasAll(values, keys))
    throw oalError("OAL-X101", { problem: `detector ${detector}: incomplete parameters` });
  return values;
}
