"""Runs a model file on pictures, one at a time, and prints each output, picture by picture, as JSON.

ask.py MODEL PIXELS SHAPE NAMES: PIXELS is a file with all pictures, one behind the other, as the graph takes them; SHAPE of one and NAMES
of outputs with one number for a picture are JSON.
"""
import json
import sys

import numpy
import onnxruntime

model, pixels, shape, names = sys.argv[1:]
shape, names = json.loads(shape), json.loads(names)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
found = {name: [] for name in names}
for picture in numpy.fromfile(pixels, dtype=numpy.uint8).reshape([-1, 1, *shape]):
    for name, output in zip(names, session.run(names, {"images": picture})):
        found[name].append(float(output[0]))
print(json.dumps(found))
