/** Who a process is, in a form that other processes, also on other machines, can judge: alive, surely gone, or unknown. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { systemCode } from "../systemError.js";

/** What a claim says of the process that holds it. */
export const ownerSchema = z.object({
  pid: z.number(),
  /** Host name, for people. */
  host: z.string(),
  /** The kernel and the process namespace that `pid` is a number of: equal only where a look at `pid` tells something. */
  machine: z.string(),
  /** Start of the process in clock ticks since boot (Linux; elsewhere ""): tells a reused number apart. */
  ticks: z.string(),
  since: z.string(),
});

/** A process that holds something. */
export type Owner = z.infer<typeof ownerSchema>;

function textOf(read: () => string): string {
  try {
    return read().trim();
  } catch {
    return "";
  }
}

/** The kernel's boot and the process namespace; containers of one host name differ in the latter. */
function machine(): string {
  const boot = textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const namespace = textOf(() => readlinkSync("/proc/self/ns/pid"));
  return `${hostname()} ${boot} ${namespace}`.trim();
}

function startTicks(pid: number): string {
  const text = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return text === "" ? "" : (text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "");
}

/** This process. */
export function thisProcess(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    machine: machine(),
    ticks: startTicks(process.pid),
    since: new Date().toISOString(),
  };
}

/** What a look at the machine says of a process: on another machine, and where a number may have been given to another one since, nothing. */
export function lifeOf(owner: Owner): "alive" | "gone" | "unknown" {
  if (owner.machine !== machine()) return "unknown";
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return "gone";
  }
  const ticks = startTicks(owner.pid);
  if (ticks === "" || owner.ticks === "") return "unknown";
  return ticks === owner.ticks ? "alive" : "gone";
}

/** "process 12 on host since ...". */
export function describeOwner({ pid, host, since }: Owner): string {
  return `process ${pid} on ${host} since ${since}`;
}
