import { afterEach, describe, expect, it, vi } from "vitest";
import { interruptible, Stopped } from "./interrupt.js";

afterEach(() => vi.unstubAllEnvs());

/** Runs a body that ends when it is asked to, sends signals at given milliseconds, and says what came of it. */
async function sent(
  signals: readonly (readonly [at: number, name: NodeJS.Signals])[],
  resumes = true,
): Promise<{ exits: number[]; told: string; stopped: unknown; listeners: number }> {
  const exits: number[] = [];
  let told = "";
  let clock = 0;
  const before = process.listenerCount("SIGHUP");
  const options = {
    resumes,
    exit: (status: number) => void exits.push(status),
    note: (text: string) => void (told += text),
    now: () => clock,
  };
  const stopped: unknown = await interruptible(options, async (signal) => {
    for (const [at, name] of signals) {
      clock = at;
      process.emit(name, name);
    }
    await Promise.resolve();
    signal.throwIfAborted();
    return "went on";
  }).catch((error: unknown) => error);
  return { exits, told, stopped, listeners: process.listenerCount("SIGHUP") - before };
}

describe("signals", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s stops at the next step, with status %i", async (name, exit) => {
    const { exits, told, stopped, listeners } = await sent([[0, name]]);
    expect(exits).toEqual([]);
    expect(told).toContain("stopping at the next step");
    expect(stopped).toBeInstanceOf(Stopped);
    expect(stopped).toMatchObject({ exit, resumes: true });
    expect(listeners).toBe(0);
  });

  it("promises no going on where there is none", async () => {
    const { told, stopped } = await sent([[0, "SIGINT"]], false);
    expect(told).toBe("stopping ...");
    expect(stopped).toMatchObject({ resumes: false });
  });

  it("ends at once at the second Ctrl-C, but not at one that npm passed on", async () => {
    expect(
      (
        await sent([
          [0, "SIGINT"],
          [5, "SIGINT"],
        ])
      ).exits,
    ).toEqual([]);
    expect(
      (
        await sent([
          [0, "SIGINT"],
          [5, "SIGINT"],
          [900, "SIGINT"],
        ])
      ).exits,
    ).toEqual([130]);
    expect(
      (
        await sent([
          [0, "SIGINT"],
          [900, "SIGTERM"],
        ])
      ).exits,
    ).toEqual([143]);
  });

  it("takes a lost terminal, which is told twice, as one wish to stop", async () => {
    expect(
      (
        await sent([
          [0, "SIGHUP"],
          [900, "SIGHUP"],
        ])
      ).exits,
    ).toEqual([]);
  });

  it("goes on without a terminal under nohup", async () => {
    vi.stubEnv("_", "/usr/bin/nohup");
    expect(await sent([[0, "SIGHUP"]])).toMatchObject({ told: "", stopped: "went on" });
    expect((await sent([[0, "SIGTERM"]])).stopped).toBeInstanceOf(Stopped);
  });

  it("keeps an error that has nothing to do with it", async () => {
    const failed = interruptible({ resumes: true, note: () => undefined }, () =>
      Promise.reject(new Error("own")),
    );
    await expect(failed).rejects.toThrow("own");
  });
});
