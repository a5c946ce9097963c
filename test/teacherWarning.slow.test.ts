/** A student that is better than its teacher is told of it, whether it asks the teacher in every step or reads what that once said. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { oal } from "./cli/oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-teacher-warning-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env["OAL_CACHE"] = join(folder, "cache");
process.env["OAL_STORE"] = join(folder, "store");

const small = [
  "data.embedded={train: 400, validation: 100, test: 20, validationOod: 20, ood: 20}",
  "teacher.widths=[4,4,4]",
  "teacher.epochs=0.05",
  "teacher.learningRate=0.00001",
  "student.widths=[8,16,16]",
  "student.epochs=6",
  "student.batchSize=32",
  "kd.logitsWeight=0.01",
  "kd.featureWeight=0",
  "threads=1",
];

it.each(["clean", "same"])(
  "with kd.teacherView %s",
  (view) => {
    const out = join(folder, view);
    const set = [...small, `kd.teacherView=${view}`].flatMap((each) => ["--set", each]);
    const asked = ["run", "embedded", "--until", "student", "--method", "kd", "--out", out];
    const { stderr, status } = oal([...asked, ...set], { cwd: folder });
    expect([status, stderr]).toEqual([0, expect.stringContaining("its teacher is worse than it")]);
    // and it is kept with what was made, for reports of later runs
    const artifacts = join(out, "artifacts");
    const student = readdirSync(artifacts).find((name) => name.startsWith("student-")) ?? "";
    const log = readFileSync(join(artifacts, student, "log.json"), "utf8");
    expect(log).toContain("its teacher is worse than it");
  },
  120_000,
);
