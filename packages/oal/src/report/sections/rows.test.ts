import { expect, it } from "vitest";
import { emptyReport } from "../../../../../test/report/emptyReport.js";
import { rowsSection } from "./rows.js";

const row = (id: string, state: "fixed" | "published" | "no effect") => ({
  id,
  state,
  title: `title of ${id}`,
  published: "does one thing",
  consequence: "something follows",
  corrected: "another thing",
  settings: [
    { key: `mi.${id}`, value: "random" },
    { key: "teacher.none", value: undefined },
  ],
});

const page = (states: readonly ("fixed" | "published" | "no effect")[]): string => {
  const rows = {
    mode: "official",
    rows: states.map((state, i) => row(`r0${i + 1}`, state)),
    notReproduced: { r11: "files of the authors" },
  };
  return String(rowsSection(emptyReport({ rows }))?.content ?? "");
};

it("tells every row with its state, its settings and what the published code does", () => {
  const shown = page(["published", "fixed", "no effect"]);
  expect(shown).toContain("Mode official: 1 of 3 rows");
  for (const text of ["as published", "corrected", "without effect here", "mi.r01: random", "does one thing"])
    expect(shown).toContain(text);
  expect(shown).not.toContain("teacher.none");
  expect(shown).not.toContain("<details>");
  expect(shown).toMatch(/name files of the authors:\s+11\./);
});

it("folds the table away where no row is in force, and is no section of a run without the method", () => {
  expect(page(["fixed", "no effect"])).toContain("<details>");
  expect(page(["fixed"])).toContain("0 of 1 rows");
});
