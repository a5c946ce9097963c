/** How far a stopped stage came, as `oal plan` tells it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { stoppedAt } from "./stageLog.js";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "oal-journal-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const journal = (...names: readonly string[]): void => {
  const lines = names.map((text, i) =>
    JSON.stringify({ time: 0, stage: "s", kind: "loss", step: 10 * (i + 1), total: 200, terms: {}, text }),
  );
  writeFileSync(join(folder, "journal.jsonl"), `${lines.join("\n")}\n{"cut`);
};
const checkpoint = (step: number): void =>
  writeFileSync(join(folder, `step-${String(step).padStart(9, "0")}.safetensors`), "");

it("is the newest checkpoint of its training, not the last step that was told", () => {
  journal("student", "student", "student");
  checkpoint(10);
  checkpoint(25);
  expect(stoppedAt(folder)).toEqual({ step: 25, total: 200 });
});

it("is not known without a checkpoint, without a journal, and of several trainings", () => {
  expect(stoppedAt(join(folder, "none"))).toBeNull();
  journal("student");
  expect(stoppedAt(folder)).toBeNull();
  checkpoint(10);
  journal("autoEncoder", "denoiser");
  expect(stoppedAt(folder)).toBeNull();
  rmSync(join(folder, "journal.jsonl"));
  expect(stoppedAt(folder)).toBeNull();
});
