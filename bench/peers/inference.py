"""Inference of a classifier: the best that PyTorch alone offers without another format, eval mode and no gradients."""
import torch

from arrays import read_arrays
from networks import network_of, normalised
from steps import load


def make(settings, folder):
    torch.set_num_threads(settings["threads"])
    arrays, _ = read_arrays(folder)
    model = network_of(settings).eval()
    load(model, arrays, "")
    layout = torch.channels_last if settings["channelsLast"] else torch.contiguous_format
    model.to(memory_format=layout)
    images = torch.from_numpy(arrays["batch/images"]).contiguous(memory_format=layout)

    def run():
        with torch.inference_mode():
            return model(normalised(images))

    def step():
        for _ in range(settings["runs"]):
            run()

    run()
    return {"step": step, "check": lambda: run().flatten()[:10].tolist()}
