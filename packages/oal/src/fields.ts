/** Building blocks of option schemas: numbers with ranges, switches and choices, each with its default and description. */
import { oalError, suggest, type Registered, type Registry } from "oal-core";
import { z } from "zod";

// A schema here is used a few times a process: writing it as a program first, as zod does otherwise, takes longer than it saves.
z.config({ jitless: true });

/** A whole number within [min, max], with a default and a description. */
export const whole = (value: number, min: number, max: number, text: string): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(min).max(max).default(value).describe(text);

/** A real number within [min, max], with a default and a description. */
export const real = (value: number, min: number, max: number, text: string): z.ZodDefault<z.ZodNumber> =>
  z.number().min(min).max(max).default(value).describe(text);

/** A real number above 0 and at most `max`, with a default and a description. */
export const positive = (value: number, max: number, text: string): z.ZodDefault<z.ZodNumber> =>
  z.number().gt(0).max(max).default(value).describe(text);

/** A switch with a default and a description. */
export const flag = (value: boolean, text: string): z.ZodDefault<z.ZodBoolean> =>
  z.boolean().default(value).describe(text);

/** One of several words, with a default and a description. */
export const choice = <const Words extends readonly [string, ...string[]]>(
  words: Words,
  value: Words[number],
  text: string,
) => z.enum(words).default(value).describe(text);

/**
 * The keys of several schemas as one section.
 *
 * @param section its name
 * @throws OAL-C207 when two of them have a key of one name
 */
export function mergedShape(
  section: string,
  parts: readonly { readonly id: string; readonly schema: z.ZodObject }[],
): Readonly<Record<string, z.core.$ZodType>> {
  const shape: Record<string, z.core.$ZodType> = {};
  const owners = new Map<string, string>();
  for (const { id, schema } of parts) {
    for (const [key, value] of Object.entries(schema.shape)) {
      const first = owners.get(key);
      if (first !== undefined) throw oalError("OAL-C207", { section, key, first, second: id });
      owners.set(key, id);
      shape[key] = value;
    }
  }
  return shape;
}

/** What can be chosen by name and has options of its own. */
export interface Choosable {
  readonly id: string;
  /** A strict object; every key with a default and a description. */
  readonly schema: z.ZodObject;
}

/**
 * The options of something that was chosen, with its defaults.
 *
 * @param kind what it is, in a sentence: "network"
 * @throws OAL-C208 for an option that it does not have, or a value that its schema refuses
 */
export function resolveOptions<Schema extends z.ZodObject>(
  kind: string,
  { id, schema }: { readonly id: string; readonly schema: Schema },
  given: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(given).find((key) => given[key] !== undefined && !known.includes(key));
  if (unknown !== undefined) {
    const near = suggest(unknown, known);
    const hint = near === undefined ? `; it has ${known.join(", ") || "none"}` : `, did you mean "${near}"?`;
    throw oalError("OAL-C208", { kind, id, at: unknown, problem: `is no option of it${hint}` });
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.map(String).join(".") ?? "";
  throw oalError("OAL-C208", { kind, id, at, problem: issue?.message ?? "refused" }, parsed.error);
}

/** The keys of a section that belong to something that was chosen. */
export function optionsIn(
  { schema }: Choosable,
  section: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.keys(schema.shape).flatMap((key) => (section[key] === undefined ? [] : [[key, section[key]]])),
  );
}

/** The name of a registered thing, with a default and a description. */
export const named = (
  registry: Pick<Registry<Registered>, "has" | "ids" | "kind">,
  value: string,
  text: string,
): z.ZodDefault<z.ZodString> =>
  z
    .string()
    .superRefine((name, context) => {
      if (!registry.has(name))
        context.addIssue({ code: "custom", message: unknownName(registry.kind, name, registry.ids) });
    })
    .default(value)
    .describe(text);

/** A sentence about a name that nothing has, with the nearest that something has. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  return (
    `there is no ${kind} "${name}"` +
    (near === undefined ? `, only ${known.join(", ")}` : `, did you mean "${near}"?`)
  );
}
