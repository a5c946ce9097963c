"""Random flips and padded crops of a batch in PyTorch: the crop's shifts gathered row by row and column by column."""
import torch
from torch.nn import functional


def make(settings, folder):
    torch.set_num_threads(settings["threads"])
    batch, side, padding = settings["batch"], settings["side"], settings["padding"]
    pixels = (torch.arange(batch * 3 * side * side) * 7919 % 251).reshape(batch, 3, side, side).to(torch.uint8)
    window = torch.arange(side)

    def run():
        # reflection is not there for bytes
        padded = functional.pad(pixels.float(), (padding,) * 4, mode="reflect").to(torch.uint8)
        rows = torch.randint(0, 2 * padding + 1, (batch, 1)) + window
        columns = torch.randint(0, 2 * padding + 1, (batch, 1)) + window
        flipped = torch.rand(batch, 1) < 0.5
        columns = torch.where(flipped, columns.flip(1), columns)
        every = torch.arange(batch)[:, None, None]
        return padded[every, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()

    def step():
        for _ in range(settings["runs"]):
            run()

    return {"step": step}
