/** Building blocks of option schemas: numbers with ranges, switches and choices, each with its default and description. */
import { oalError } from "oal-core";
import { z } from "zod";

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
