/** `oal metrics` on 200 random files of scores with ties, in every form that scikit-learn's own formulas can be asked of. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { judgeScores } from "../packages/oal/src/evaluation/judge.js";
import { pythonWith } from "./python.js";

const folder = mkdtempSync(join(tmpdir(), "oal-sklearn-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const python = pythonWith("sklearn, numpy");

/**
 * Writes 200 lists of scores, rounded so that some are equal within and across the sides, and what OpenOOD's functions make of them:
 * roc_curve and precision_recall_curve of scikit-learn, the first point of recall 0.95.
 */
const program = `
import json, sys
import numpy as np
from sklearn.metrics import auc, precision_recall_curve, roc_curve
folder = sys.argv[1]
rng = np.random.default_rng(20)
expected = []

def fpr(recall, positive, decision):
    f, t, _ = roc_curve(positive, decision)
    return float(f[np.argmax(t >= recall)])

def aupr(positive, decision):
    precision, recall, _ = precision_recall_curve(positive, decision)
    return float(auc(recall, precision))

for k in range(200):
    m, n = rng.integers(1, 300, size=2)
    if k % 10 == 0:  # one to one: a diagonal of the ROC curve
        known = unknown = np.arange(m, dtype=np.float64)
    else:
        digits = k % 4
        known = np.round(rng.normal(1, 1, m), digits)
        unknown = np.round(rng.normal(0, 1.5, n), digits)
    if k % 3 == 1:
        known, unknown = known.astype(np.float32), unknown.astype(np.float32)
    scores = np.concatenate([known, unknown])
    isKnown = np.concatenate([np.ones(len(known), int), np.zeros(len(unknown), int)])
    label = np.where(isKnown == 1, rng.integers(0, 5, len(scores)), -1)
    pred = rng.integers(0, 5, len(scores))
    f, t, _ = roc_curve(1 - isKnown, -scores)
    expected.append({
        "auroc": float(auc(f, t)), "fpr95": fpr(0.95, 1 - isKnown, -scores), "fpr95Id": fpr(0.95, isKnown, scores),
        "auprIn": aupr(isKnown, scores), "auprOut": aupr(1 - isKnown, -scores),
    })
    path = "%s/%03d" % (folder, k)
    order = rng.permutation(len(scores))
    if k % 4 == 0:
        np.savez(path + ".npz", label=label[order], conf=scores[order], pred=pred[order])
    elif k % 4 == 1:
        np.save(path + "-known.npy", known)
        np.save(path + "-unknown.npy", unknown)
    elif k % 4 == 2:
        with open(path + ".csv", "w") as out:
            out.write("label,score\\n" + "".join("%d,%r\\n" % (label[i], float(scores[i])) for i in order))
    else:
        with open(path + ".jsonl", "w") as out:
            out.write("".join(json.dumps({"ood": int(1 - isKnown[i]), "score": float(scores[i])}) + "\\n" for i in order))
json.dump(expected, open(folder + "/expected.json", "w"))
`;

describe.skipIf(python === undefined)(
  python === undefined
    ? "scikit-learn is not here (Debian: apt install python3-sklearn; another Python: OAL_PYTHON)"
    : "scikit-learn",
  () => {
    it("says the same of 200 files", async () => {
      const { status, stderr } = spawnSync(python ?? "", ["-c", program, folder], { encoding: "utf8" });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      const expected: Record<string, number>[] = JSON.parse(
        readFileSync(join(folder, "expected.json"), "utf8"),
      );
      expect(expected).toHaveLength(200);
      for (const [k, metrics] of expected.entries()) {
        const path = join(folder, String(k).padStart(3, "0"));
        const files =
          k % 4 === 1
            ? [`${path}-known.npy`, `${path}-unknown.npy`]
            : [`${path}.${["npz", "", "csv", "jsonl"][k % 4]}`];
        const found = (await judgeScores(files, { resamples: 0, higher: "known" })).columns[0]?.sets[0]
          ?.metrics;
        for (const [name, value] of Object.entries(metrics))
          expect(found?.[name], `file ${k}, ${name}`).toBeCloseTo(value, 12);
      }
    });
  },
);
