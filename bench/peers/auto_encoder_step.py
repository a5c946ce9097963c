"""One training step of the auto-encoder."""
from diffusion_nets import AutoEncoder
from steps import contestant


def make(settings, folder):
    weight = settings["klWeight"]
    return contestant(
        AutoEncoder(settings["width"]),
        lambda model, batch: model.loss(batch["images"], batch["noise"], weight),
        settings,
        folder,
    )
