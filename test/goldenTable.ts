/** The table after the tests: of every folder of reference values that was compared, the cases and the worst deviation. */
import type { TestModule } from "vitest/node";
import type { GoldenNote } from "../packages/oal/src/testing/goldenSuite.js";

interface Line {
  readonly ids: Set<string>;
  tensors: number;
  worst: number;
  at: string;
  readonly awaited: Map<string, number>;
}

/** The table as text; empty when no test compared anything. */
export function goldenTable(notes: readonly GoldenNote[]): string {
  const lines = new Map<string, Line>();
  for (const { folder, id, tensors, worst, of, awaits } of notes) {
    const line = lines.get(folder) ?? { ids: new Set(), tensors: 0, worst: 0, at: "", awaited: new Map() };
    lines.set(folder, line);
    if (awaits !== undefined) {
      line.awaited.set(awaits, (line.awaited.get(awaits) ?? 0) + 1);
      continue;
    }
    line.ids.add(id);
    line.tensors += tensors;
    if (worst > line.worst) [line.worst, line.at] = [worst, `${id}: ${of}`];
  }
  if (lines.size === 0) return "";
  const rows = [...lines].sort(([a], [b]) => a.localeCompare(b));
  const width = Math.max(...rows.map(([folder]) => folder.length));
  const text = rows.map(([folder, { ids, tensors, worst, at }]) =>
    [
      folder.padEnd(width),
      String(ids.size).padStart(5),
      String(tensors).padStart(7),
      worst.toPrecision(2).padStart(8),
      ` ${at}`,
    ].join(" "),
  );
  const awaited = rows.flatMap(([folder, line]) =>
    line.awaited.size === 0
      ? []
      : [
          `${folder}: not in oal yet: ${[...line.awaited].map(([name, count]) => `${name} (${count})`).join(", ")}`,
        ],
  );
  const head = `${"reference".padEnd(width)} cases tensors   worst  (share of its tolerance) of`;
  return [head, ...text, ...awaited].join("\n");
}

/** What the tests of some modules compared. */
export function goldenNotes(modules: readonly TestModule[]): GoldenNote[] {
  return modules.flatMap((module) =>
    [...module.children.allTests()].flatMap((test) => test.meta().golden ?? []),
  );
}
