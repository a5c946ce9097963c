"""One class and round of boundary sampling with faiss: candidates around the outermost embeddings, the farthest kept."""
import faiss
import numpy as np

from arrays import read_arrays


def make(settings, folder):
    faiss.omp_set_num_threads(settings["threads"])
    arrays, _ = read_arrays(folder)
    bank = arrays["embeddings"][arrays["labels"] == 0]
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    k, noise, keep = settings["k"], settings["noise"], settings["keep"]

    def step():
        generator = np.random.default_rng(0)
        index = faiss.IndexFlatL2(bank.shape[1])
        index.add(bank)
        distances = index.search(bank, k + 1)[0][:, -1]
        ranked = np.argsort(-distances)[: settings["select"]]
        kept = []
        drawn = generator.standard_normal((noise, bank.shape[1]), dtype=np.float32)
        for anchor in generator.permutation(ranked)[: settings["anchors"]]:
            candidates = bank[anchor] + settings["sigma"] * drawn
            candidates /= np.linalg.norm(candidates, axis=1, keepdims=True)
            far = index.search(candidates, k)[0][:, -1]
            kept.append(candidates[np.argsort(-far)[:keep]])
        return np.concatenate(kept)

    return {"step": step}
