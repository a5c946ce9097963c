"""The same metrics as OpenOOD computes them with scikit-learn: OOD positive for ROC and FPR@95."""
import numpy as np
from sklearn import metrics

from arrays import read_arrays


def make(settings, folder):
    arrays, _ = read_arrays(folder)
    scores = np.concatenate([arrays["id"], arrays["ood"]])
    is_id = np.concatenate([np.ones(len(arrays["id"])), np.zeros(len(arrays["ood"]))])

    def run():
        false, true, _ = metrics.roc_curve(1 - is_id, -scores)
        precision_in, recall_in, _ = metrics.precision_recall_curve(is_id, scores)
        precision_out, recall_out, _ = metrics.precision_recall_curve(1 - is_id, -scores)
        return [
            float(metrics.auc(false, true)),
            float(metrics.auc(recall_in, precision_in)),
            float(metrics.auc(recall_out, precision_out)),
            float(false[np.argmax(true >= 0.95)]),
        ]

    return {"step": run, "check": run}
