/** What the block probe makes of an engine that does not tell, and that a failure is not remembered. */
import { oalError } from "oal-core";
import { afterEach, expect, it, vi } from "vitest";
import { askedOnce, blockOf } from "./blockSize.js";

afterEach(() => vi.restoreAllMocks());

it("an engine without blocked kernels says so; another refusal is a warning with its text", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const refusing = (problem: string) => () => Promise.reject(oalError("OAL-R101", { problem }));
  const absent = "com.microsoft.nchwc:ReorderInput(-1) is not a registered function/op";
  expect(await blockOf(refusing(absent))).toBe(0);
  expect(warned).not.toHaveBeenCalled();
  expect(await blockOf(refusing("std::bad_alloc"))).toBe(0);
  expect(warned.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining("std::bad_alloc")]);
  await expect(blockOf(() => Promise.reject(new TypeError("a fault")))).rejects.toThrow("a fault");
});

it("is asked once, and again after a failure", async () => {
  const answers = [
    () => Promise.reject(new Error("not now")),
    () => Promise.resolve(8),
    () => Promise.resolve(16),
  ];
  const asked: number[] = [];
  const ask = askedOnce((threads: number) => {
    asked.push(threads);
    return (answers.shift() ?? (() => Promise.resolve(0)))();
  });
  await expect(ask(1)).rejects.toThrow("not now");
  expect([await ask(2), await ask(3)]).toEqual([8, 8]);
  expect(asked).toEqual([1, 2]);
});
