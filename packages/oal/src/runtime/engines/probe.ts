/** Whether a device works here, found out in a process of its own, because a broken driver or library ends the process that opens it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Device } from "oal-core";
import { z } from "zod";

const probeSchema = z.object({
  /** What computed; null when nothing could be opened. */
  adapter: z.object({ driver: z.string(), hardware: z.boolean().nullable() }).nullable(),
  /** Channels of a block on the CPU; 0: none; null when nothing was computed. */
  blockSize: z.number().nullable(),
  /** Why it cannot be used; null when its self-test passed. */
  problem: z.string().nullable(),
  /** What is not installed, with the remedy. */
  missing: z.array(z.string()),
  /** Milliseconds of the measured step, where the device was timed against the CPU. */
  times: z.object({ device: z.number(), cpu: z.number() }).optional(),
});

/** What was found out. */
export type ProbeResult = z.infer<typeof probeSchema>;

/** Milliseconds after which a driver that does not answer is given up. */
const patience = 60_000;

const probed = new Map<Device, Promise<ProbeResult>>();

/** Tries a device, once a process. Never throws. */
export function probeDevice(device: Device): Promise<ProbeResult> {
  const known = probed.get(device);
  if (known) return known;
  const script = fileURLToPath(new URL("./deviceProbe.js", import.meta.url));
  const trying = tryIn([script, device], patience);
  probed.set(device, trying);
  return trying;
}

/**
 * Runs a probe's program.
 *
 * @param words the program and its arguments; it prints a {@link ProbeResult} as its last line
 * @param milliseconds after which it is ended
 */
export async function tryIn(words: readonly string[], milliseconds: number): Promise<ProbeResult> {
  const failed = (problem: string): ProbeResult => ({ adapter: null, blockSize: null, problem, missing: [] });
  const { answer, problem } = await answerOf(words, milliseconds);
  if (problem !== null) return failed(problem);
  const parsed = probeSchema.safeParse(answer);
  return parsed.success ? parsed.data : failed("the probe gave no answer");
}

/** What a program told: its last line, or why there is none. */
interface Answer {
  /** The last line, read as JSON. */
  readonly answer: unknown;
  readonly problem: string | null;
}

/**
 * Runs a program that opens a device, which may end it.
 *
 * @param words the program and its arguments; it prints JSON as its last line
 * @param milliseconds after which it is ended
 */
export function answerOf(words: readonly string[], milliseconds: number): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (problem: string): void => resolve({ answer: null, problem });
    const child = spawn(process.execPath, [...words], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: milliseconds,
      killSignal: "SIGKILL",
    });
    let [output, complaints] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    child.once("error", (error) => failed(`the probe could not be started: ${error.message}`));
    child.once("close", (status, signal) => {
      if (child.killed) return failed(`the driver did not answer within ${milliseconds / 1000} s`);
      const lines = complaints.trim().split("\n");
      const last = lines.find((line) => /error|terminate/i.test(line)) ?? lines.at(-1) ?? "";
      if (status !== 0)
        return failed(
          `the driver ended the process that tried it (${signal ?? `exit status ${status}`}${last && `: ${last}`})`,
        );
      try {
        resolve({ answer: JSON.parse(output.trim().split("\n").at(-1) ?? ""), problem: null });
      } catch {
        failed("the probe gave no answer");
      }
    });
  });
}
