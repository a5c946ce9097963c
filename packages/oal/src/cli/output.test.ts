import { OalError, oalError } from "oal-core";
import { describe, expect, it } from "vitest";
import { systemError, writeError } from "../runtime/systemError.js";
import { describeError, outputError } from "./failure.js";
import { isGone, wantsColor } from "./output.js";

describe("colours", () => {
  const terminal = { isTTY: true };
  it.each([
    [terminal, {}, true],
    [{}, {}, false],
    [terminal, { NO_COLOR: "1" }, false],
    [terminal, { NO_COLOR: "" }, true],
    [terminal, { TERM: "dumb" }, false],
    [{}, { FORCE_COLOR: "1" }, true],
    [terminal, { FORCE_COLOR: "0" }, false],
    [{}, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ])("%o with %o: %s", (stream, environment, expected) => {
    expect(wantsColor(stream, environment)).toBe(expected);
  });
});

it("tells a reader that is gone from a disk that is full", () => {
  const error = (code: string): Error => Object.assign(new Error(code), { code });
  expect(isGone(error("EPIPE"), {})).toBe(true);
  expect(isGone(error("EIO"), { isTTY: true })).toBe(true);
  expect(isGone(error("EIO"), {})).toBe(false);
  expect(isGone(error("ENOSPC"), { isTTY: true })).toBe(false);
});

describe("refusals of the operating system", () => {
  const refusal = (code: string, more: object = {}): Error =>
    Object.assign(new Error(code), { code, ...more });
  const codeOf = (error: Error): string => (error instanceof OalError ? error.code : "raw");

  it("are errors of the catalogue, whatever their code", () => {
    for (const code of ["ENOENT", "ELOOP", "ENAMETOOLONG", "EIO", "EUNHEARDOF"]) {
      expect(codeOf(writeError("/a", refusal(code)))).toBe("OAL-I101");
      expect(systemError("/a", refusal(code, { path: "/b" }))).toMatchObject({
        code: "OAL-I141",
        details: { path: "/b" },
      });
    }
    expect(codeOf(systemError("/a", refusal("ENOSPC")))).toBe("OAL-I101");
    expect(codeOf(systemError("/a", refusal("ENOENT", { syscall: "uv_cwd" })))).toBe("OAL-I142");
    expect(codeOf(outputError(refusal("ENOSPC")))).toBe("OAL-I140");
  });

  it("and only they: an error of the program stays what it is", () => {
    const own = new TypeError("x is not a function");
    expect(systemError("/a", own)).toBe(own);
    expect(systemError("/a", Object.assign(new Error("n"), { code: "ERR_ASSERTION" })).message).toBe("n");
  });

  it("show no stack", () => {
    const shown = describeError(oalError("OAL-I140", { problem: "the disk is full" }, new Error("x")), false);
    expect(shown.split("\n")).toHaveLength(3);
  });
});
