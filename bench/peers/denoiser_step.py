"""One training step of the denoiser."""
from diffusion_nets import Denoiser
from steps import contestant


def make(settings, folder):
    return contestant(
        Denoiser(settings["channels"], settings["dimension"]),
        lambda model, batch: model.loss(**batch),
        settings,
        folder,
    )
