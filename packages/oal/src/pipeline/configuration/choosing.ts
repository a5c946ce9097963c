/**
 * Sections in which something is chosen by name and has options of its own: `network: airbench` brings `widths`. Such options
 * stand beside the section's own keys; only those of the chosen thing are kept, with its defaults.
 */
import type { Registry } from "oal-core";
import { z } from "zod";
import { unknownName, type Choosable } from "../../fields.js";

/** Known keys, and options of registered things under names of their own. */
export type Open<Known> = Known & { readonly [option: string]: unknown };

/** A key that chooses. */
export interface Choice {
  readonly key: string;
  readonly registry: Pick<Registry<Choosable>, "has" | "ids" | "kind" | "find" | "all">;
}

/** The sections with choices, and the keys that choose. */
export function optionKeys({ registry }: Choice): readonly string[] {
  return [...new Set(registry.all.flatMap(({ schema }) => Object.keys(schema.shape)))];
}

/** Every option of some choices, optional, as keys of the section. */
export function optionShapes(choices: readonly Choice[]): Readonly<Record<string, z.ZodType>> {
  return Object.assign({}, ...choices.map(optionShape));
}

/**
 * A section with the options of what it chose, their defaults filled in, and without those of everything else.
 *
 * @param section as its schema let it pass; complaints go to the context
 */
export function keepChosen<Section extends object>(
  section: Section,
  choices: readonly Choice[],
  context: z.core.$RefinementCtx,
): Section {
  const kept = { ...section };
  for (const key of Object.keys(section)) Reflect.deleteProperty(kept, key);
  const chosen = new Map(choices.map((choice) => [choice.key, ownOptions(choice, section, context)]));
  const options = new Set(choices.flatMap(optionKeys));
  for (const [key, value] of Object.entries(section)) {
    if (options.has(key)) continue;
    Reflect.set(kept, key, value);
    for (const [option, own] of Object.entries(chosen.get(key) ?? {})) Reflect.set(kept, option, own);
  }
  return kept;
}

/** The options of the chosen thing, with its defaults. */
function ownOptions(
  { key, registry }: Choice,
  section: object,
  context: z.core.$RefinementCtx,
): Readonly<Record<string, unknown>> {
  const name = String(Reflect.get(section, key));
  if (!registry.has(name)) {
    const message = unknownName(registry.kind, name, registry.ids);
    context.issues.push({ code: "custom", message, path: [key], input: undefined });
    return {};
  }
  const { schema } = registry.find(name);
  const given = Object.keys(schema.shape).flatMap((option) => {
    const value: unknown = Reflect.get(section, option);
    return value === undefined ? [] : [[option, value] as const];
  });
  const parsed = schema.safeParse(Object.fromEntries(given), { reportInput: true });
  if (parsed.success) return parsed.data;
  for (const { message, path, input } of parsed.error.issues)
    context.issues.push({ code: "custom", message, path, input });
  return {};
}

/** Every option of a choice, optional: what is refused and what is described; defaults are the chosen thing's. */
function optionShape(choice: Choice): Record<string, z.ZodType> {
  return Object.fromEntries(
    optionKeys(choice).map((key) => {
      const owners = choice.registry.all.filter(({ schema }) => key in schema.shape);
      const types = owners.flatMap(({ schema }) => {
        const type = schema.shape[key];
        return type === undefined ? [] : [withoutDefault(type)];
      });
      const texts = owners.flatMap(
        ({ schema }) => z.globalRegistry.get(schema.shape[key] ?? z.unknown())?.description ?? [],
      );
      const text = `${[...new Set(texts)].join(" / ")} (${whoseDefault(choice, key, owners)})`;
      const [first, ...rest] = types;
      const either =
        first === undefined ? z.unknown() : rest.length === 0 ? first : z.union([first, ...rest]);
      return [key, z.optional(either).describe(text)];
    }),
  );
}

/** Who has an option, where not all have it, and its default. */
function whoseDefault({ registry }: Choice, key: string, owners: readonly Choosable[]): string {
  const defaults = owners.flatMap(({ id, schema }): [string, string][] => {
    const found = schema.shape[key] === undefined ? undefined : z.safeParse(schema.shape[key], undefined);
    return found?.success === true && found.data !== undefined ? [[id, JSON.stringify(found.data)]] : [];
  });
  const same = new Set(defaults.map(([, value]) => value)).size === 1;
  const usual = same
    ? `default ${defaults[0]?.[1]}`
    : `default ${defaults.map(([id, value]) => `${value} for ${id}`).join(", ")}`;
  const all = owners.length === registry.all.length;
  return all || !same ? usual : `${registry.kind} ${owners.map(({ id }) => id).join(", ")}; ${usual}`;
}

/** A type below its default; of any copy of zod. */
function withoutDefault(type: z.core.$ZodType): z.core.$ZodType {
  const { def } = type._zod;
  return def.type === "default" && "innerType" in def && isType(def.innerType)
    ? withoutDefault(def.innerType)
    : type;
}

function isType(value: unknown): value is z.core.$ZodType {
  return typeof value === "object" && value !== null && "_zod" in value;
}
