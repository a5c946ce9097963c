"""One training step of a classifier."""
import torch
from torch.nn import functional

from networks import network_of, normalised
from steps import contestant


def make(settings, folder):
    torch.manual_seed(0)

    def loss_of(model, batch):
        return functional.cross_entropy(model(normalised(batch["images"])), batch["labels"].argmax(1))

    return contestant(network_of(settings), loss_of, settings, folder, prefix="network.")
