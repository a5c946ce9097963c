"""faiss's flat index: squared distances to the K nearest of normalised queries."""
import faiss
import numpy as np

from arrays import read_arrays


def make(settings, folder):
    faiss.omp_set_num_threads(settings["threads"])
    arrays, _ = read_arrays(folder)
    bank, queries = arrays["bank"], arrays["queries"]

    index = faiss.IndexFlatL2(bank.shape[1])
    index.add(bank)

    def run():
        unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        return index.search(unit, settings["neighbours"])[0][:, -1]

    return {"step": run, "check": lambda: [float(value) for value in run()[:20]]}
