/** What can be set of a registered thing, read from its schema: range, default, description and reason of the default. */
import { z } from "zod";
import type { ListedParameter } from "./list.js";

/** In place of a reason that a schema does not give. */
export const notSaid = "not said";

const fieldSchema = z.object({
  description: z.string().default(""),
  reason: z.string().default(notSaid),
  default: z.unknown().optional(),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
});

/**
 * What can be set of a thing, under the names that a configuration has it by.
 *
 * @param section its section of the configuration; absent: it has none, and nothing can be set
 */
export function parametersOf({
  section,
  schema,
}: {
  readonly section?: string;
  readonly schema: z.ZodObject;
}): Record<string, ListedParameter> {
  if (section === undefined) return {};
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const field = fieldSchema.parse(value);
      const { description, reason, default: usual } = field;
      return [`${section}.${key}`, { domain: domainOf(field), default: usual, description, reason }];
    }),
  );
}

const words: Readonly<Record<string, string>> = {
  integer: "whole number",
  number: "number",
  string: "text",
  object: "values by name",
  boolean: "true or false",
};

function domainOf(field: z.infer<typeof fieldSchema>): string {
  if (field.enum) return field.enum.map(String).join(" or ");
  const what = words[field.type ?? ""] ?? field.type ?? "any value";
  const { minimum, exclusiveMinimum, maximum } = field;
  const low = minimum ?? exclusiveMinimum;
  // limits of what a computer can count are none
  if (low === undefined || low <= Number.MIN_SAFE_INTEGER) return what;
  const from = minimum === undefined ? `above ${low}` : `from ${low}`;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? "" : ` to ${maximum}`;
  return `${what} ${from}${to}`;
}
