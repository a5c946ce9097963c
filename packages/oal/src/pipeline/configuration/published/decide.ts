/** Rows of METHOD 9 in a configuration: the settings that a row holds at their published values. */
import { oalError } from "oal-core";
import { askedFor, type Given } from "../given.js";
import { ignoredSettings } from "../ignored.js";
import type { Locate } from "../issues.js";
import { setPath, valueAt, type Tree } from "../merge.js";
import { configurationSchema, type Configuration } from "../schema.js";
import { rowIds, rowOf, type RowId } from "./rows.js";

/** A setting that a row holds. */
export interface HeldSetting {
  readonly row: RowId;
  /** Dotted path. */
  readonly key: string;
  /** What the published code does. */
  readonly value: unknown;
}

/** Every setting that a row holds, or would hold with its fix off. */
export function settingsOfRows(config: Configuration): readonly HeldSetting[] {
  const setting = (key: string): unknown => valueAt(config, key.split("."));
  return rowIds.flatMap((row) =>
    Object.entries(rowOf(row).decides?.(setting) ?? {}).map(([key, value]): HeldSetting => ({
      row,
      key,
      value,
    })),
  );
}

/** The settings that are held. */
export function heldSettings(config: Configuration): readonly HeldSetting[] {
  return settingsOfRows(config).filter(({ row }) => !config.fixes[row]);
}

/** A setting's value, with lists and sections compared as they are written. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The configuration with the settings that rows hold.
 *
 * @param given what the user gave; a file may hold such a setting at its default, because `oal config` writes whole files
 * @throws OAL-C212 for a setting that the user gave and a row holds at another value; OAL-C213 for a fix that was asked for beside its
 *   published setting; OAL-C202 for a row that was given and has no effect
 */
export function withRows(config: Configuration, given: Given, locate: Locate): Configuration {
  const defaults = configurationSchema().parse({});
  let tree: Tree = config;
  for (const { row, key, value } of heldSettings(config)) {
    const path = key.split(".");
    const asked = askedFor(path, given);
    if (asked !== undefined && rowOf(row).also?.[key]?.some((other) => same(asked.value, other)) === true)
      continue;
    const isUsual = asked?.override === undefined && same(asked?.value, valueAt(defaults, path));
    if (asked !== undefined && !isUsual && !same(asked.value, value)) {
      const where = asked.override?.where ?? locate(path);
      throw oalError("OAL-C212", { key, where, row, value: shown(value), asked: shown(asked.value) });
    }
    tree = setPath(tree, key, value, `fixes.${row}`);
  }
  const held = tree === config ? config : configurationSchema().parse(tree);
  refuseEmptySwitches(held, given);
  return held;
}

/** Refuses a switch that the user turned and that turns nothing. */
function refuseEmptySwitches(config: Configuration, given: Given): void {
  const idle = new Map(ignoredSettings(config).map(({ key, because }) => [key, because]));
  for (const row of rowIds) {
    const path = ["fixes", row];
    const asked = askedFor(path, given);
    if (asked?.override === undefined) continue;
    const own = settingsOfRows(config).filter((each) => each.row === row);
    const { where } = asked.override;
    const because = own.map(({ key }) => idle.get(key));
    const [first] = because;
    if (first !== undefined && because.every((reason) => reason !== undefined)) {
      const problem = `has no effect with ${first}; leave one of both out`;
      throw oalError("OAL-C202", { at: path.join("."), where, problem });
    }
    if (asked.value !== true) continue;
    const left = own.find(({ key, value }) => {
      const setting = askedFor(key.split("."), given);
      return setting !== undefined && setting.override === undefined && same(setting.value, value);
    });
    if (left) throw oalError("OAL-C213", { row, where, key: left.key, value: shown(left.value) });
  }
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
