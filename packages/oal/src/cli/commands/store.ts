/** `oal store list` and `oal store prune`: what lies in the artifact store, and what no run names any more. */
import Table from "cli-table3";
import { ArtifactStore } from "../../pipeline/store/artifactStore.js";
import { missingRuns, removeUnused, storeContents, type StoreEntry } from "../../pipeline/store/contents.js";
import { storeFolder } from "../../pipeline/store/location.js";

/** Prints everything in the store. */
export async function storeListCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const store = new ArtifactStore(storeFolder());
  const entries = await storeContents(store);
  if (json) process.stdout.write(`${JSON.stringify({ store: store.folder, entries }, null, 2)}\n`);
  else process.stdout.write(`${entryTable(entries)}${store.folder}: ${amount(entries)}\n`);
}

/** Prints what no existing run names, and removes it with --yes. */
export async function storePruneCommand(options: {
  readonly json?: boolean;
  readonly yes?: boolean;
}): Promise<void> {
  const store = new ArtifactStore(storeFolder());
  const unused = (await storeContents(store)).filter(({ runs }) => runs.length === 0);
  const removed = options.yes ? await removeUnused(store, unused) : [];
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ store: store.folder, unused, removed }, null, 2)}\n`);
    return;
  }
  const told =
    unused.length === 0
      ? "nothing to remove: every artifact is named by a run"
      : options.yes
        ? `removed ${amount(removed)}`
        : `${amount(unused)} named by no run; oal store prune --yes removes them`;
  const gone = unused.length === 0 || options.yes ? [] : await missingRuns(store);
  const moved =
    gone.length === 0
      ? ""
      : `run folders that are not where they were: ${gone.join(", ")}\nif one was moved, oal show with its new place keeps what it names\n`;
  process.stdout.write(`${entryTable(unused)}${told}\n${moved}`);
}

function entryTable(entries: readonly StoreEntry[]): string {
  if (entries.length === 0) return "";
  const table = new Table({
    head: ["artifact", "size", "took", "runs"],
    colAligns: ["left", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, kind, bytes, seconds, runs } of entries) {
    const took = seconds === null ? "" : `${seconds.toFixed(0)} s`;
    const [first, ...more] = runs;
    const shown =
      first === undefined ? "none" : more.length === 0 ? first : `${first} and ${more.length} more`;
    table.push([kind === "artifact" ? name : `${name} (unfinished)`, size(bytes), took, shown]);
  }
  return `${table.toString()}\n`;
}

function amount(entries: readonly StoreEntry[]): string {
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${entries.length} ${entries.length === 1 ? "folder" : "folders"}, ${size(total)}`;
}

function size(bytes: number): string {
  return bytes < 1e6
    ? `${Math.ceil(bytes / 1e3)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(2)} GB`;
}
