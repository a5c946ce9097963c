import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EventLog, readEvents } from "./events.js";

const root = mkdtempSync(join(tmpdir(), "oal-events-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("event log", () => {
  it("appends, tells the listener, warns once and heals a line cut short", () => {
    const path = join(root, "events.jsonl");
    writeFileSync(path, '{"time":1,"stage":"a","kind":"done"}\n{"time":2,"sta');
    const heard: string[] = [];
    const log = new EventLog(path, (event) => heard.push(event.kind));
    const events = log.stage("student:oal");
    events.progress(3, 10, { terms: { loss: 0.5 } });
    events.progress(4, 10);
    events.progress(10, 10);
    events.warning("odd");
    events.warning("odd");
    log.close();
    expect(heard).toEqual(["progress", "progress", "warning"]);
    expect(readEvents(path).map(({ stage, kind, step }) => [stage, kind, step])).toEqual([
      ["a", "done", undefined],
      ["student:oal", "progress", 3],
      ["student:oal", "progress", 10],
      ["student:oal", "warning", undefined],
    ]);
  });
});
