/** `oal config`: the whole configuration as a commented YAML file, as JSON, or the JSON schema. */
import { Document, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import {
  configurationJsonSchema,
  publishedReasons,
  type Configuration,
} from "../../pipeline/configuration/index.js";
import type { StageOptions } from "../options.js";
import { configure } from "./configure.js";

/** Prints the configuration that the arguments describe. */
export function configCommand(given: string | undefined, options: StageOptions & { schema?: boolean }): void {
  if (options.schema) {
    process.stdout.write(JSON.stringify(configurationJsonSchema(), null, 2) + "\n");
    return;
  }
  const configuration = configure(given, options);
  process.stdout.write(
    options.json ? JSON.stringify(configuration, null, 2) + "\n" : commentedYaml(configuration),
  );
}

/** The configuration as YAML with every key's description beside it; it can be used as a configuration file. */
export function commentedYaml(configuration: Configuration): string {
  const document = new Document(configuration);
  if (isMap(document.contents))
    describe(document.contents, configurationJsonSchema(), publishedReasons(configuration));
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).trimEnd() + "\n";
}

/** @param reasons why a value is what it is, where a row of the published code or the mode decides it, by dotted key */
function describe(
  map: YAMLMap,
  schema: unknown,
  reasons: ReadonlyMap<string, string>,
  above: readonly string[] = [],
): void {
  for (const pair of map.items) {
    const { key, value } = pair;
    if (!isScalar(key)) continue;
    const path = [...above, String(key.value)];
    const reason = reasons.get(path.join("."));
    const inner = property(property(schema, "properties"), String(key.value));
    const text = property(inner, "description");
    if (isMap(value)) {
      if (typeof text === "string") key.commentBefore = ` ${text}`;
      key.spaceBefore = true;
      describe(value, inner, reasons, path);
    } else if (typeof text === "string") {
      if (isScalar(value)) value.comment = reason === undefined ? ` ${text}` : ` from ${reason}; ${text}`;
      else if (isSeq(value)) {
        key.commentBefore = ` ${text}`;
        value.flow = value.items.every((item) => isScalar(item));
      }
    }
  }
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
