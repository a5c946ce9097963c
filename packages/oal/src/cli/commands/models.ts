/** `oal models pull`, `list`, `verify` and `rm`: models of the hub on this machine. */
import Table from "cli-table3";
import { oalError, printable } from "oal-core";
import { cachedModels, removalOf, verifyModels, type CachedModel } from "../../hub/contents.js";
import { parseHubName, writtenName, type HubName } from "../../hub/name.js";
import { hubCache, hubPlace } from "../../hub/place.js";
import { pullModel, type PulledModel } from "../../hub/pull.js";
import { confirmed } from "../confirm.js";
import { interruptible } from "../interrupt.js";
import { lateProgress, showProgress } from "../progress.js";

/** Options of `oal models pull`. */
export interface PullCommandOptions {
  readonly file?: readonly string[];
  readonly endpoint?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Fetches a model and says where it lies. */
export async function pullCommand(model: string, options: PullCommandOptions): Promise<void> {
  const name = ownedName(model);
  const place = await hubPlace(options.endpoint);
  const view = showProgress({ quiet: options.quiet ?? false });
  const began = Date.now();
  const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;
  let start: { readonly time: number; readonly bytes: number } | undefined;
  let shown = -Infinity;
  let pulled: PulledModel;
  try {
    pulled = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      pullModel(place, name, {
        signal,
        patterns: options.file ?? [],
        approve: (bytes) => (options.yes ? Promise.resolve(true) : confirmed(fetching(model, bytes), signal)),
        onWait: (problem, seconds) => {
          const text = `${problem}; again in ${seconds} s`;
          view.show({ time: Date.now(), stage: "pull", kind: "warning", text });
        },
        onProgress: ({ path, bytes, total }) => {
          const time = Date.now();
          start ??= { time, bytes };
          if (time - began < 2000 || time - shown < 100 || bytes >= total) return;
          shown = time;
          const [step, all] = [megabytes(bytes), megabytes(total)];
          const rate = (bytes - start.bytes) / 1e3 / Math.max(1, time - start.time);
          view.show({ time, stage: "pull, MB", kind: "progress", step, total: all, rate, text: path });
        },
      }),
    );
  } finally {
    view.close();
  }
  if (options.json) process.stdout.write(`${JSON.stringify(pulled, null, 2)}\n`);
  else process.stdout.write(describePulled(pulled));
}

/** A name with an owner: a word alone is a slip far more often than one of the hub's first models, which all have an owner now. */
function ownedName(model: string): HubName {
  const name = parseHubName(model);
  if (name.repo.includes("/")) return name;
  throw oalError("OAL-C220", {
    name: model,
    problem: "has no owner: OWNER/NAME, as in apple/mobilevit-small",
  });
}

function describePulled({ folder, files, commit, fetched, ...name }: PulledModel): string {
  const how = { sha256: "SHA-256 right", git: "checksum right", size: "no checksum told, length right" };
  const lines = files.map(({ path, size, kept, checked }) => {
    const state = kept || checked === null ? "was here" : how[checked];
    return `  ${printable(path)}  ${amount(size)}, ${state}`;
  });
  const model = writtenName(name);
  const said = fetched === 0 ? "is here" : `${amount(fetched)} fetched`;
  const has = (end: string): boolean => files.some(({ path }) => path.endsWith(end));
  const next = has("unet/model.onnx")
    ? `--set synthesis.model=hf:${model} makes outliers with it (docs/stable-diffusion.md)\n`
    : has(".onnx")
      ? `oal inspect hf:${model} says what it is\n`
      : "it holds weights for a network of ours (docs/weights.md), no ONNX model\n";
  return `${model} ${said}, commit ${commit.slice(0, 12)}\n${lines.join("\n")}\n${folder}\n${next}`;
}

const fetching = (model: string, bytes: number): string => `${model} needs ${amount(bytes)}: fetch it?`;

/** Prints the models that are on this machine. */
export async function modelsListCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const cache = hubCache();
  const models = await cachedModels(cache);
  if (json) {
    process.stdout.write(`${JSON.stringify({ cache, models }, null, 2)}\n`);
    return;
  }
  const total = models.reduce((sum, { bytes }) => sum + bytes, 0);
  const count = models.length === 1 ? "1 model" : `${models.length} models`;
  process.stdout.write(`${modelTable(models)}${cache}: ${count}, ${amount(total)}\n`);
}

function modelTable(models: readonly CachedModel[]): string {
  if (models.length === 0) return "";
  const table = new Table({
    head: ["model", "revision", "files", "size"],
    colAligns: ["left", "left", "left", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { repo, bytes, unfinished, snapshots } of models) {
    const size = unfinished > 0 ? `${amount(bytes)} (${amount(unfinished)} unfinished)` : amount(bytes);
    if (snapshots.length === 0) table.push([repo, "none", "", size]);
    for (const [place, { commit, revisions, files }] of snapshots.entries()) {
      const shown = files
        .filter(({ path }) => /\.(onnx|safetensors)$/.test(path))
        .map(({ path }) => printable(path, 60));
      const rest = files.length - shown.length;
      const told = [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
      const revision = [...revisions, commit.slice(0, 12)].join(", ");
      table.push(place === 0 ? [repo, revision, told, size] : ["", revision, told, ""]);
    }
  }
  return `${table.toString()}\n`;
}

/** Compares what is on this machine with its checksums. @throws OAL-I130 naming what is damaged */
export async function modelsVerifyCommand(
  given: readonly string[],
  { json, quiet }: { readonly json?: boolean; readonly quiet?: boolean },
): Promise<void> {
  const cache = hubCache();
  const all = await cachedModels(cache);
  const wanted = given.map((text) => parseHubName(text));
  for (const name of wanted) {
    if (all.some(({ repo }) => repo === name.repo)) continue;
    throw oalError("OAL-D162", { model: writtenName(name), cache, others: [] });
  }
  const models =
    wanted.length === 0 ? all : all.filter(({ repo }) => wanted.some((name) => name.repo === repo));
  const view = lateProgress("verify", { quiet: quiet ?? false });
  const found = await interruptible({ resumes: false, note: (text) => view.note(text) }, (signal) =>
    verifyModels(models, { signal, onContent: (done, total) => view.at(done, total) }),
  ).finally(() => view.close());
  const { checked, unknown, damaged } = found;
  if (damaged.length > 0) throw oalError("OAL-I130", { path: cache, damaged, total: checked + unknown });
  if (json) process.stdout.write(`${JSON.stringify({ cache, ...found }, null, 2)}\n`);
  else {
    const rest = unknown === 0 ? "" : `; ${unknown} without a checksum are there`;
    process.stdout.write(
      `${cache}: ${checked} ${checked === 1 ? "file has" : "files have"} the right checksum${rest}\n`,
    );
  }
}

/** Takes a model, or one state of it, out of the cache; asks before, or says what --yes would do. */
export async function modelsRemoveCommand(
  model: string,
  { yes, json }: { readonly yes?: boolean; readonly json?: boolean },
): Promise<void> {
  const name = parseHubName(model);
  const { folder, bytes, remove } = await removalOf(hubCache(), name, !model.includes("@"));
  const removed = yes === true || (!json && (await confirmed(`remove ${folder} (${amount(bytes)})?`)));
  if (removed) await remove();
  if (json) process.stdout.write(`${JSON.stringify({ folder, bytes, removed }, null, 2)}\n`);
  else if (removed) process.stdout.write(`removed ${folder}, ${amount(bytes)}\n`);
  else process.stdout.write(`${folder}, ${amount(bytes)}; oal models rm ${model} --yes removes it\n`);
}

function amount(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
