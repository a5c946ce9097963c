"""Reads what harness/arrays.mjs wrote."""
import json
import os

import numpy as np


def read_arrays(folder):
    """Arrays by name, and the facts beside them."""
    with open(os.path.join(folder, "arrays.json")) as file:
        index = json.load(file)
    raw = np.fromfile(os.path.join(folder, "arrays.bin"), dtype=np.uint8)
    arrays = {}
    for entry in index["entries"]:
        part = raw[entry["offset"] : entry["offset"] + entry["bytes"]]
        arrays[entry["name"]] = part.view(entry["dtype"]).reshape(entry["shape"]).copy()
    return arrays, index["facts"]
