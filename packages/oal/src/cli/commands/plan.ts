/** `oal plan` and `oal stage`: what a run would make, and one of its stages made in a process of its own. */
import Table from "cli-table3";
import type { PlanEntry } from "../../pipeline/planning.js";
import { interruptible } from "../interrupt.js";
import type { StageOptions } from "../options.js";
import { duration, showProgress } from "../progress.js";
import type { DeviceChoice } from "../../runtime/engines/index.js";
import { configure, withMethods } from "./configure.js";

/** Prints the plan of a run. */
export async function planCommand(
  given: string | undefined,
  options: StageOptions & { readonly until: string },
): Promise<void> {
  const config = withMethods(configure(given, options), options);
  const { describePlan } = await import("../../pipeline/planning.js");
  const view = showProgress({ quiet: options.quiet ?? false });
  try {
    const plan = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      describePlan(config, options.until, { onEvent: (event) => view.show(event), signal }),
    );
    view.close();
    process.stdout.write(options.json ? `${JSON.stringify(plan, null, 2)}\n` : planTable(plan));
  } finally {
    view.close();
  }
}

function planTable(plan: readonly PlanEntry[]): string {
  const table = new Table({
    head: ["stage", "key", "state", "time", "reads"],
    colAligns: ["left", "left", "left", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, key, state, owner, stopped, seconds, from, inputs } of plan) {
    const words = { made: "", recorded: "about ", reckoned: "reckoned " };
    const time = seconds === null || from === "unknown" ? "unknown" : `${words[from]}${duration(seconds)}`;
    const begun = stopped ? `stopped at step ${stopped.step} of ${stopped.total}` : state;
    table.push([name, key.slice(0, 12), owner ? `${state}: ${owner}` : begun, time, readsOf(inputs)]);
  }
  const missing = plan.filter(({ state }) => state !== "made");
  const known = missing.every(({ seconds }) => seconds !== null);
  const total = missing.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const left =
    missing.length === 0
      ? "everything is made"
      : `${missing.length} of ${plan.length} to make, ${known ? "about " : total === 0 ? "time unknown" : "more than "}${known || total > 0 ? duration(total) : ""}`;
  const unknown = known ? "" : ' ("unknown": this machine has not done its like yet)';
  const isReckoned = plan.some(({ from }) => from === "reckoned");
  const notes = [
    `${left}${unknown}`,
    ...(isReckoned
      ? [
          '"reckoned": by arithmetic, from the operations of its networks and how fast a small one is here right now; it may be half or twice that. "about": as this machine did its like',
        ]
      : []),
  ];
  return `${table.toString()}\n${notes.join("\n")}\n`;
}

/** Names as far as a terminal has room for them. */
function readsOf(inputs: readonly string[]): string {
  const shown = inputs.slice(0, 3).join(", ");
  return inputs.length > 4 ? `${shown} and ${inputs.length - 3} more` : inputs.join(", ");
}

/** Options of `oal stage`. */
export interface StageCommandOptions {
  readonly device?: DeviceChoice;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Makes one planned stage and prints its folder. */
export async function stageCommand(key: string, options: StageCommandOptions): Promise<void> {
  const { makePlanned } = await import("../../pipeline/planning.js");
  const view = showProgress({ quiet: options.quiet ?? false });
  try {
    const artifact = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      makePlanned(key, {
        ...(options.device === undefined ? {} : { device: options.device }),
        onEvent: (event) => view.show(event),
        signal,
      }),
    );
    view.close();
    const { manifest, folder } = artifact;
    const made = { stage: manifest.stage, key: artifact.key, folder, seconds: manifest.seconds };
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ...made, metrics: manifest.metrics }, null, 2)}\n`
        : `${made.stage}: ${folder}\n`,
    );
  } finally {
    view.close();
  }
}
