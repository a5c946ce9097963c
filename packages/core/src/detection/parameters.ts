/**
 * Hyper-parameters of detectors as objects: numbers, choices, flags and lists. One object makes the default, the check, the
 * message, the help, the search and the values a test must see refused.
 */
import {
  describeValue,
  expectArguments,
  kind,
  type Kind,
  kinds,
  oalError,
  suggest,
} from "../errors/index.js";

/** What a parameter can be. */
export type ParameterValue = number | string | boolean | readonly number[];

/** One parameter: its domain, its default and why, and what a search tries. */
export interface Parameter<T extends ParameterValue = ParameterValue> {
  readonly kind: "real" | "integer" | "choice" | "flag" | "list";
  readonly default: T;
  /** Meaning and unit. */
  readonly description: string;
  /** Why the default is what it is. */
  readonly reason: string;
  /** Values that the automatic search tries, in this order; absent: it is never searched. */
  readonly search?: readonly T[] | undefined;
  /**
   * For a rank among the images of the fit: the largest default, as a share of the smallest class. A rank beyond a class
   * measures the distance to other classes.
   */
  readonly classShare?: number | undefined;
  /** For a rank among images of all classes: the largest default, as a share of the images of the fit. */
  readonly setShare?: number | undefined;
  /** For a number of dimensions: the largest default, as a share of the features. */
  readonly featureShare?: number | undefined;
  /** For a number of dimensions: the smallest default, as this many more than there are classes (-1: one less). */
  readonly beyondClasses?: number | undefined;
  /** What is tried in turn where the data do not allow the default (OAL-E292); absent: nothing. */
  readonly fallbacks?: readonly T[] | undefined;
  /** The domain in words: "an integer in [1, inf)". */
  readonly domain: string;
  /** Whether a value lies in the domain. */
  accepts(value: unknown): value is T;
  /** Values just outside the domain, for tests over every detector. */
  outside(): readonly unknown[];
}

/** The parameters of a detector by name. */
export type ParameterSchema = Readonly<Record<string, Parameter>>;

/** What one parameter's values are. */
type ValueOf<P> = P extends Parameter<infer T> ? T : never;

/** Checked values of a schema. */
export type ParameterValues<Schema extends ParameterSchema = ParameterSchema> = {
  readonly [Name in keyof Schema]: ValueOf<Schema[Name]>;
};

/** What every parameter says. */
interface Told<T> {
  readonly default: T;
  readonly description: string;
  readonly reason: string;
  readonly search?: readonly T[];
  readonly fallbacks?: readonly T[];
}

/** Bounds of a number; absent ones do not bound. */
export interface NumberBounds {
  /** Smallest legal value. */
  readonly min?: number;
  /** Largest legal value. */
  readonly max?: number;
  /** Exclusive lower bound. */
  readonly above?: number;
  /** Exclusive upper bound. */
  readonly below?: number;
}

const bound = kinds.optional(kinds.number);
const boundFields = { min: bound, max: bound, above: bound, below: bound };
const told = { description: kinds.name, reason: kinds.name };
const numberSpec = kinds.fields({
  ...told,
  ...boundFields,
  default: kinds.number,
  search: kinds.optional(kinds.listOf(kinds.number)),
  classShare: bound,
  setShare: bound,
  featureShare: bound,
  beyondClasses: bound,
});

/** Defaults that follow the data. */
interface DataShares {
  readonly classShare?: number;
  readonly setShare?: number;
  readonly featureShare?: number;
  readonly beyondClasses?: number;
}

/** A real number. */
export function real(spec: Told<number> & NumberBounds & DataShares): Parameter<number> {
  expectArguments("real", { spec: [spec, numberSpec] });
  return numberParameter("real", spec);
}

/** A whole number. */
export function integer(spec: Told<number> & NumberBounds & DataShares): Parameter<number> {
  expectArguments("integer", { spec: [spec, numberSpec] });
  return numberParameter("integer", spec);
}

/** One of several words. */
export function choice<const Word extends string>(
  spec: Told<NoInfer<Word>> & { readonly options: readonly Word[] },
): Parameter<Word> {
  const fields = { ...told, default: kinds.text, options: kinds.listOf(kinds.name) };
  expectArguments("choice", { spec: [spec, kinds.fields(fields)] });
  const { options } = spec;
  return checked({
    ...common("choice", spec),
    domain: `one of ${options.join(", ")}`,
    accepts: (value): value is Word => options.some((option) => option === value),
    outside: () => ["", "no such option", 0, null, true],
  });
}

/** A switch. */
export function flag(spec: Told<boolean>): Parameter<boolean> {
  expectArguments("flag", { spec: [spec, kinds.fields({ ...told, default: kinds.boolean })] });
  return checked({
    ...common("flag", spec),
    domain: "true or false",
    accepts: (value) => typeof value === "boolean",
    outside: () => ["true", 0, 1, null],
  });
}

/** A list of numbers, each within the same bounds. */
export function list(
  spec: Told<readonly number[]> & {
    readonly of: "real" | "integer";
    /** How many there may be; default at least 1. */
    readonly length?: { readonly min?: number; readonly max?: number };
  } & NumberBounds,
): Parameter<readonly number[]> {
  const fields = { ...told, ...boundFields, default: kinds.numbers, of: kinds.oneOf(["real", "integer"]) };
  expectArguments("list", { spec: [spec, kinds.fields(fields)] });
  const { min = 1, max = Infinity } = spec.length ?? {};
  const lengths = max === Infinity ? `${min} or more` : min === max ? String(min) : `${min} to ${max}`;
  return checked({
    ...common("list", spec),
    domain: `a list of ${lengths} numbers, each ${rangeOf(spec.of, spec)}`,
    accepts: (value): value is readonly number[] =>
      Array.isArray(value) &&
      value.length >= min &&
      value.length <= max &&
      value.every((each) => isWithin(spec.of, spec, each)),
    outside: () => [
      1,
      "1",
      null,
      ...(min > 0 ? [[]] : []),
      ...outsideOf(spec.of, spec).map((each) => [each, ...spec.default.slice(1)]),
    ],
  });
}

function numberParameter(
  form: "real" | "integer",
  spec: Told<number> & NumberBounds & DataShares,
): Parameter<number> {
  return checked({
    ...common(form, spec),
    ...(spec.classShare === undefined ? {} : { classShare: spec.classShare }),
    ...(spec.setShare === undefined ? {} : { setShare: spec.setShare }),
    ...(spec.featureShare === undefined ? {} : { featureShare: spec.featureShare }),
    ...(spec.beyondClasses === undefined ? {} : { beyondClasses: spec.beyondClasses }),
    domain: rangeOf(form, spec),
    accepts: (value): value is number => isWithin(form, spec, value),
    outside: () => [...outsideOf(form, spec), "1", null],
  });
}

function common<T, Form>(
  form: Form,
  { default: value, description, reason, search, fallbacks }: Told<T>,
): Told<T> & { kind: Form } {
  return {
    kind: form,
    default: value,
    description,
    reason,
    ...(search === undefined ? {} : { search }),
    ...(fallbacks === undefined ? {} : { fallbacks }),
  };
}

/** Refuses a default, or a value to search or to fall back to, that its own domain does not have. */
function checked<T extends ParameterValue>(parameter: Parameter<T>): Parameter<T> {
  const { default: usual, search = [], fallbacks = [] } = parameter;
  const legal = kind(parameter.domain, (value) => parameter.accepts(value));
  const values: readonly (readonly [string, T])[] = [
    ["default", usual],
    ...search.map((value, i) => [`search[${i}]`, value] as const),
    ...fallbacks.map((value, i) => [`fallbacks[${i}]`, value] as const),
  ];
  for (const [name, value] of values) expectArguments("a parameter", { [name]: [value, legal] });
  return parameter;
}

function rangeOf(form: "real" | "integer", { min, max, above, below }: NumberBounds): string {
  const low = above !== undefined ? `(${above}` : min !== undefined ? `[${min}` : "(-inf";
  const high = below !== undefined ? `${below})` : max !== undefined ? `${max}]` : "inf)";
  return `${form === "integer" ? "an integer" : "a real number"} in ${low}, ${high}`;
}

function isWithin(form: "real" | "integer", bounds: NumberBounds, value: unknown): value is number {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = bounds;
  return (
    typeof value === "number" &&
    Number.isFinite(value) &&
    (form === "real" || Number.isInteger(value)) &&
    value >= min &&
    value <= max &&
    value > above &&
    value < below
  );
}

function outsideOf(form: "real" | "integer", { min, max, above, below }: NumberBounds): unknown[] {
  return [
    NaN,
    Infinity,
    ...(form === "integer" ? [(min ?? 0) + 0.5] : []),
    ...(min === undefined ? [] : [min - 1]),
    ...(above === undefined ? [] : [above]),
    ...(max === undefined ? [] : [max + 1]),
    ...(below === undefined ? [] : [below]),
  ];
}

const aParameter = kinds.fields({ domain: kinds.text, accepts: kinds.callback, outside: kinds.callback });

/** A schema as an argument. */
export const aParameterSchema: Kind = {
  words: "an object of parameters",
  fault(value, argument) {
    const fault = kinds.record.fault(value, argument);
    if (fault) return fault;
    for (const [name, parameter] of Object.entries(value ?? {})) {
      const inside = aParameter.fault(parameter, `${argument}.${name}`);
      if (inside) return inside;
    }
    return null;
  },
};

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
    schema: [schema, aParameterSchema],
    given: [given, kinds.record],
  });
  const names = Object.keys(schema);
  for (const parameter of Object.keys(given)) {
    if (names.includes(parameter)) continue;
    const near = suggest(parameter, names);
    const range = names.length === 0 ? "absent (there are no parameters)" : `one of ${names.join(", ")}`;
    const found = `an unknown name${near === undefined ? "" : ` (did you mean "${near}"?)`}`;
    throw oalError("OAL-E202", { detector, parameter, range, found });
  }
  const values: Record<string, unknown> = {};
  for (const [parameter, spec] of Object.entries(schema)) {
    const value = given[parameter] === undefined ? spec.default : given[parameter];
    if (!spec.accepts(value))
      throw oalError("OAL-E202", { detector, parameter, range: spec.domain, found: describeValue(value) });
    values[parameter] = value;
  }
  if (!areValuesOf(schema, values))
    throw oalError("OAL-X101", { problem: `detector ${detector}: incomplete parameters` });
  return values;
}

function areValuesOf<Schema extends ParameterSchema>(
  schema: Schema,
  values: Readonly<Record<string, unknown>>,
): values is ParameterValues<Schema> {
  return Object.entries(schema).every(([name, parameter]) => parameter.accepts(values[name]));
}
