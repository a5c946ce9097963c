/** The plugins of this thread, apart from what loading one needs: who only asks loads no registry. */

/** A plugin that is loaded. */
export interface LoadedPlugin {
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of the module and of the files that it imports by relative paths. */
  readonly hash: string;
  /** Ids by list. */
  readonly added: Readonly<Record<string, readonly string[]>>;
}

/** By path. */
export const loaded = new Map<string, LoadedPlugin>();

/** Every plugin that this thread has loaded. */
export function loadedPlugins(): readonly LoadedPlugin[] {
  return [...loaded.values()];
}
