/** What a schema is made of: its sections and keys, below defaults and transformations. */
import type { z } from "zod";

/** The schema below defaults, optionals and transformations. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod;
  if ("innerType" in def && isSchema(def.innerType)) return unwrap(def.innerType);
  return "in" in def && isSchema(def.in) ? unwrap(def.in) : schema;
}

/** Whether a part of a schema's definition is a schema. */
export function isSchema(value: unknown): value is z.core.$ZodType {
  return typeof value === "object" && value !== null && "_zod" in value;
}

/** The keys of a section with their schemas; none for what is no section. */
export function shapeOf(schema: z.core.$ZodType): ReadonlyMap<string, z.core.$ZodType> {
  const { def } = unwrap(schema)._zod;
  if (!("shape" in def) || typeof def.shape !== "object" || def.shape === null) return new Map();
  const shape = new Map<string, z.core.$ZodType>();
  for (const [key, value] of Object.entries(def.shape)) if (isSchema(value)) shape.set(key, value);
  return shape;
}

/**
 * Dotted keys whose value is a record: values by names that no schema lists, as the shares of `union.members`.
 *
 * @param schema of a section, or of a whole configuration
 */
export function recordKeys(schema: z.core.$ZodType): readonly string[] {
  return [...shapeOf(schema)].flatMap(([name, inner]) =>
    unwrap(inner)._zod.def.type === "record" ? [name] : recordKeys(inner).map((key) => `${name}.${key}`),
  );
}
