/** `oal doctor`: what this machine offers, and what is missing. */
import { oalError, type Device } from "oal-core";
import { tellBeside } from "../failure.js";
import { examine, type DeviceState, type Examination, type FolderState } from "../../pipeline/doctor.js";

/** Prints what was found; the exit status is that of OAL-R113 when oal cannot be used here as it is. */
export async function doctorCommand({
  json,
  device,
}: {
  readonly json?: boolean;
  readonly device?: Device;
}): Promise<void> {
  const found = await examine(device === undefined ? {} : { devices: [device] });
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : table(found));
  if (!found.usable) tellBeside(oalError("OAL-R113", { problems: found.problems }));
}

function table({ devices, threads, memory, folders, versions, hardware, usable }: Examination): string {
  const source = memory.source === "container" ? "the container's limit" : "the machine's";
  const lines: (readonly [string, string])[] = [
    ...devices.map((state) => [state.device, deviceInWords(state)] as const),
    ...devices.flatMap(({ missing }) => missing.map((text) => ["", text] as const)),
    ...devices.flatMap(({ times, fallbacks }) => [
      ...(times ? [["", timesInWords(times)] as const] : []),
      ...(fallbacks ? [["", fallbacksInWords(fallbacks)] as const] : []),
    ]),
    ["threads", `${threads}, one per core (${hardware.cpu})`],
    ["memory", `${gigabytes(memory.bytes)}, ${source}`],
    ...Object.entries(folders).map(([name, state]) => [name, folderInWords(state)] as const),
    ...Object.entries(versions).map(([name, version]) => [name, version] as const),
    ["usable", usable ? "yes" : "no"],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("");
}

function deviceInWords({ device, usable, problem, adapter, blockSize }: DeviceState): string {
  if (!usable) return `not usable: ${problem}`;
  if (device === "cpu")
    return `usable, self-test passed; ${blockSize ? `blocks of ${blockSize} channels` : "plain formulation"}`;
  const driver = adapter && adapter.driver !== "unknown" ? ` (${adapter.driver})` : "";
  if (adapter?.hardware === true) return `usable, self-test passed${driver}`;
  return adapter?.hardware === false
    ? `usable, self-test passed, but no graphics processor${driver}: --device auto leaves it`
    : `usable, self-test passed; it may be no graphics processor: --device auto leaves it`;
}

function timesInWords({ device, cpu }: NonNullable<DeviceState["times"]>): string {
  const taken = device < cpu ? "--device auto takes it" : "--device auto takes the CPU";
  return `the measured training step takes ${device.toFixed(1)} ms, ${cpu.toFixed(1)} ms on the CPU: ${taken}`;
}

function fallbacksInWords(found: NonNullable<DeviceState["fallbacks"]>): string {
  if (found.problem !== null) return `what it leaves to the CPU was not found out: ${found.problem}`;
  const left = Object.entries(found.left).map(([name, kinds]) => `${name}: ${kinds.join(", ")}`);
  return left.length === 0
    ? `it has all operators of oal's ${found.steps} training steps`
    : `operators of training steps that it leaves to the CPU: ${left.join("; ")}`;
}

function folderInWords({ path, problem, freeBytes }: FolderState): string {
  const free = freeBytes === null ? "" : `, ${gigabytes(freeBytes)} free`;
  return `${path}: ${problem === null ? "can be written" : `cannot be written (${problem})`}${free}`;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
