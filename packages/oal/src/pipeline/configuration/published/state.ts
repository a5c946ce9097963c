/** Which rows of the published code are in force in a configuration, for reports and for `oal config`. */
import { ignoredSettings } from "../ignored.js";
import { leaves, valueAt } from "../merge.js";
import type { Configuration } from "../schema.js";
import { settingsOfRows } from "./decide.js";
import { constantsOf, type Mode } from "./modes.js";
import { rowIds, rowOf, rowsNotReproduced, type RowId, type RowText } from "./rows.js";

/**
 * What a row is in a configuration: fixed; as published; or as published without effect, because nothing that the run has reads what it
 * changes.
 */
export type RowState = "fixed" | "published" | "no effect";

/** A row as it stands. */
export interface StandingRow extends RowText {
  readonly id: RowId;
  readonly state: RowState;
  /** Its settings as they are, with what the published code does. */
  readonly settings: readonly {
    readonly key: string;
    readonly value: unknown;
    readonly published: unknown;
  }[];
}

/** Every row of METHOD 9, as a run has them. */
export interface StandingRows {
  readonly mode: Mode;
  readonly rows: readonly StandingRow[];
  /** Rows that no run has, and why, by number. */
  readonly notReproduced: Readonly<Record<string, string>>;
}

/** Every row as it stands. */
export function standingRows(config: Configuration): StandingRows {
  const idle = new Set(ignoredSettings(config).map(({ key }) => key));
  const held = settingsOfRows(config);
  const rows = rowIds.map((id): StandingRow => {
    const { title, published, consequence, corrected } = rowOf(id);
    const settings = held
      .filter(({ row }) => row === id)
      .map(({ key, value }) => ({ key, value: valueAt(config, key.split(".")), published: value }));
    // rows without settings are about the prompts of Stable Diffusion
    const acts =
      settings.length > 0 ? settings.some(({ key }) => !idle.has(key)) : config.synthesis.model !== undefined;
    const state = config.fixes[id] ? "fixed" : acts ? "published" : "no effect";
    return { id, title, published, consequence, corrected, settings, state };
  });
  return { mode: config.mode, rows, notReproduced: rowsNotReproduced };
}

/** Why settings are as they are, where a row or the mode decides them: by dotted key. */
export function publishedReasons(config: Configuration): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const constants = constantsOf(config.mode);
  for (const path of leaves(constants))
    if (valueAt(constants, path) === valueAt(config, path))
      reasons.set(path.join("."), `mode: ${config.mode}`);
  for (const { id, state, settings } of standingRows(config).rows)
    if (state !== "fixed")
      for (const { key, value } of settings) if (value !== undefined) reasons.set(key, `fixes.${id}: false`);
  return reasons;
}
