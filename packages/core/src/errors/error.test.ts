import { describe, expect, expectTypeOf, it } from "vitest";
import { catalogue, isOalError, OalError, oalError, type ErrorCode, type ErrorDetails } from "./index.js";

describe("OalError", () => {
  it("has the details of its code, in types too", () => {
    const error = oalError("OAL-D107", { list: "a.txt", line: 3, problem: "no label" });
    expectTypeOf(error).toEqualTypeOf<OalError<"OAL-D107">>();
    expectTypeOf(error.details.line).toEqualTypeOf<number>();
    expect(error.details.line).toBe(3);
    expect(error.message).toBe("a.txt:3: no label");
    const general: OalError = error;
    expectTypeOf(general.code).toEqualTypeOf<ErrorCode>();
    expect(general.details).toEqual({ list: "a.txt", line: 3, problem: "no label" });
  });

  it("is told by code, and narrowed to that code's details", () => {
    const caught: unknown = oalError("OAL-D101", { path: "photos" });
    if (!isOalError(caught, "OAL-D101")) throw new Error("not told");
    expectTypeOf(caught.details).toEqualTypeOf<Readonly<ErrorDetails<"OAL-D101">>>();
    expectTypeOf(caught.details.path).toEqualTypeOf<string>();
    // @ts-expect-error the details of this code have no line
    expect(caught.details.line).toBeUndefined();
    expect(caught.details.path).toBe("photos");
  });

  it("is not mistaken for another code or another error", () => {
    const error = oalError("OAL-D101", { path: "photos" });
    expect([isOalError(error), isOalError(error, "OAL-D102")]).toEqual([true, false]);
    expect(isOalError(new Error("OAL-D101"), "OAL-D101")).toBe(false);
    expect([
      isOalError({ code: "OAL-D101", details: { path: "photos" } }),
      isOalError(undefined),
      isOalError("OAL-D101"),
    ]).toEqual([false, false, false]);
    // @ts-expect-error no such code
    expect(isOalError(error, "OAL-Z999")).toBe(false);
  });

  it("keeps what caused it, and the words of the catalogue", () => {
    const cause = new Error("disk");
    const error = oalError("OAL-I101", { path: "a", problem: "disk" }, cause);
    expect(error.cause).toBe(cause);
    expect([error.remedy, error.exit]).toEqual([catalogue["OAL-I101"].remedy, catalogue["OAL-I101"].exit]);
    expect("cause" in oalError("OAL-D101", { path: "a" })).toBe(false);
  });
});
