/** Building blocks of the configuration schema: numbers with ranges, and a section that is whole when it is not given. */
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
