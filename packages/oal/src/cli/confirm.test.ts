import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { ask } from "./confirm.js";
import { Stopped } from "./interrupt.js";

/** What comes of a question after these keys; with "end", the terminal is closed. */
async function answered(keys: string, signal?: AbortSignal): Promise<unknown> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const answer = ask("remove it?", { input, output }, signal).catch((error: unknown) => error);
  if (keys === "end") input.end();
  else input.write(keys);
  return answer;
}

describe("a question", () => {
  it.each([
    ["y\r", true],
    ["YES\r", true],
    ["\r", false],
    ["n\r", false],
    ["\u0004", false],
  ])("with %j is %s", async (keys, expected) => {
    expect(await answered(keys)).toBe(expected);
  });

  it("whose terminal is gone is no", async () => {
    expect(await answered("end")).toBe(false);
  });

  it("stops the command at Ctrl-C, with the status of one", async () => {
    const stopped = await answered("\u0003");
    expect(stopped).toBeInstanceOf(Stopped);
    expect(stopped).toMatchObject({ exit: 130 });
  });

  it("ends with its command's own signal", async () => {
    const error = await answered("", AbortSignal.abort());
    expect(error).toMatchObject({ name: "AbortError" });
  });
});
