/** Outlier sources for `oal list outliers`: formula, origin, how they are made, and what can be set, with the reasons of the defaults. */
import { z } from "zod";
import { outlierSources } from "../../outliers/sources/index.js";
import type { OutlierSource } from "../../outliers/sources/source.js";
import type { Listed, ListedParameter } from "./list.js";

/** Every source, with its options under the names that a configuration has them by. */
export function listedOutliers(): Listed[] {
  return outlierSources.all.map((source) => ({
    id: source.id,
    title: source.title,
    source: source.source,
    formula: source.formula,
    made: madeHow(source),
    parameters: parametersOf(source),
  }));
}

function madeHow(source: OutlierSource): string {
  const members = source.members({});
  const stages = source.stages({});
  if (members.length > 0) return `made of other sources; by default ${members.join(", ")}`;
  return stages.length === 0
    ? "made in the batch, anew in every step; no stage"
    : `made before the training, by stage ${stages.join(", ")}`;
}

const fieldSchema = z.object({
  description: z.string().default(""),
  reason: z.string().default("not said"),
  default: z.unknown().optional(),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
});

function parametersOf({ section, schema }: OutlierSource): Record<string, ListedParameter> {
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
