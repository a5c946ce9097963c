/** Sections that belong to registered things: each training method's options, and each outlier source's. */
import { z } from "zod";
import { mergedShape } from "../../fields.js";
import { outlierSources } from "../../outliers/sources/index.js";
import { trainingMethods } from "../../training/methods/index.js";

/** Something with a section of its own. */
interface Sectioned {
  readonly id: string;
  readonly section?: string;
  readonly about?: string;
  readonly schema?: z.ZodObject;
}

/**
 * The sections by name, as keys of the whole configuration.
 *
 * @throws OAL-C207 when two methods have an option of one name in the same section
 */
export function methodSections(): Readonly<Record<string, z.ZodType>> {
  const owners = new Map<string, { id: string; schema: z.ZodObject; about: string }[]>();
  const sectioned: readonly Sectioned[] = [...trainingMethods.all, ...outlierSources.all];
  for (const { id, section, schema, about } of sectioned) {
    if (section === undefined || schema === undefined) continue;
    owners.set(section, [...(owners.get(section) ?? []), { id, schema, about: about ?? id }]);
  }
  return Object.fromEntries(
    [...owners].map(([section, parts]) => [
      section,
      z
        .strictObject(mergedShape(section, parts))
        .prefault({})
        .describe(parts.map(({ about }) => about).join("; ")),
    ]),
  );
}

/** Options of methods that stand in the sections of the networks that are trained. */
export function ownMethodOptions(): Readonly<Record<string, z.core.$ZodType>> {
  const parts = trainingMethods.all.filter(({ section }) => section === undefined);
  return mergedShape("student", parts);
}
