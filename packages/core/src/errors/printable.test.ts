import { expect, test } from "vitest";
import { oalError } from "./error.js";
import { printable } from "./printable.js";

test("a name becomes one line that cannot steer a terminal", () => {
  expect(printable("café 写真 👩‍🚀.jpg")).toBe("café 写真 👩‍🚀.jpg");
  expect(printable("a\nb\x1b[2J\x7f\x9b\u202egpj.exe\u2028\ud800")).toBe(
    "a\\x0ab\\x1b[2J\\x7f\\x9b\\u{202e}gpj.exe\\u{2028}\\u{d800}",
  );
});

test("a long name loses its middle, by characters and not by halves of them", () => {
  expect(printable("👩".repeat(20), 9)).toBe(`${"👩".repeat(4)}…${"👩".repeat(4)}`);
  expect(printable("0123456789", 10)).toBe("0123456789");
  expect(printable("x".repeat(300), 20)).toHaveLength(20);
});

test("sentences of errors are printable, their details stay as they were", () => {
  const error = oalError("OAL-D102", { file: "evil\nOAL-X101 a\x1b[31m.jpg", problem: "gone" });
  expect(error.message).toBe("evil\\x0aOAL-X101 a\\x1b[31m.jpg: gone");
  expect(error.details["file"]).toBe("evil\nOAL-X101 a\x1b[31m.jpg");
});
