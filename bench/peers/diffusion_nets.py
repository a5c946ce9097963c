"""Our auto-encoder and denoiser written in PyTorch, with our names of parameters."""
import torch
from torch import nn
from torch.nn import functional


def convolve3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, 1)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, condition=None):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, inputs)
        self.conv1 = convolve3(inputs, outputs)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.conv2 = convolve3(outputs, outputs)
        if condition:
            self.modulation = nn.Linear(condition, 2 * outputs)
        if inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, condition=None):
        hidden = self.norm2(self.conv1(functional.silu(self.norm1(x))))
        if condition is not None:
            scale, shift = self.modulation(functional.silu(condition))[:, :, None, None].chunk(2, 1)
            hidden = hidden * (scale + 1) + shift
        hidden = self.conv2(functional.silu(hidden))
        return (self.shortcut(x) if hasattr(self, "shortcut") else x) + hidden


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.input = convolve3(12, 2 * width)
        self.block2 = ResidualBlock(2 * width, 2 * width)
        self.down2 = convolve3(2 * width, 4 * width, 2)
        self.block3 = ResidualBlock(4 * width, 4 * width)
        self.norm = nn.GroupNorm(8, 4 * width)
        self.output = convolve3(4 * width, 8)

    def forward(self, images):
        x = self.block2(self.input(functional.pixel_unshuffle(images, 2)))
        x = self.block3(self.down2(x))
        mean, log_variance = self.output(functional.silu(self.norm(x))).chunk(2, 1)
        return mean, log_variance.clamp(-30, 20)


class Decoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.input = convolve3(4, 4 * width)
        self.block3 = ResidualBlock(4 * width, 4 * width)
        self.up2 = convolve3(4 * width, 2 * width)
        self.block2 = ResidualBlock(2 * width, 2 * width)
        self.norm = nn.GroupNorm(8, 2 * width)
        self.output = convolve3(2 * width, 12)

    def forward(self, latents):
        x = self.block3(self.input(latents))
        x = self.block2(self.up2(functional.interpolate(x, scale_factor=2, mode="nearest")))
        return functional.pixel_shuffle(self.output(functional.silu(self.norm(x))), 2)


class AutoEncoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.encoder, self.decoder = Encoder(width), Decoder(width)

    def loss(self, images, noise, kl_weight):
        pixels = images.float() / 127.5 - 1
        mean, log_variance = self.encoder(pixels)
        decoded = self.decoder(mean + (0.5 * log_variance).exp() * noise)
        divergence = mean * mean + log_variance.exp() - log_variance - 1
        return (pixels - decoded).abs().mean() + kl_weight * 0.5 * divergence.mean()


class PixelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.attention = nn.MultiheadAttention(channels, 4, batch_first=True)

    def forward(self, x):
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        mixed, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return x + mixed.transpose(1, 2).reshape(x.shape)


def multilayer(inputs, width):
    return nn.ModuleList([nn.Linear(inputs, width), nn.Linear(width, width)])


def through(layers, x):
    return layers[1](functional.silu(layers[0](x)))


class UNet(nn.Module):
    def __init__(self, channels, dimension):
        super().__init__()
        width = 4 * channels
        self.time, self.states = multilayer(64, width), multilayer(dimension, width)
        self.input = convolve3(4, channels)
        self.down = nn.ModuleList([ResidualBlock(channels, channels, width)])
        self.shrink = convolve3(channels, 2 * channels, 2)
        self.middle = nn.ModuleList([ResidualBlock(2 * channels, 2 * channels, width)])
        self.middleAttention = PixelAttention(2 * channels)
        self.grow = convolve3(2 * channels, channels)
        self.up = nn.ModuleList([ResidualBlock(2 * channels, channels, width)])
        self.upAttention = PixelAttention(channels)
        self.norm = nn.GroupNorm(8, channels)
        self.output = convolve3(channels, 4)
        frequencies = 10000 ** (-torch.arange(32, dtype=torch.float64) / 32)
        self.frequencies = frequencies.float()[None]

    def forward(self, latents, time, states):
        angles = time[:, None] * self.frequencies
        embedded = torch.cat([angles.sin(), angles.cos()], 1)
        condition = functional.silu(through(self.time, embedded)) + through(self.states, states)
        skip = self.down[0](self.input(latents), condition)
        x = self.middleAttention(self.middle[0](self.shrink(skip), condition))
        x = torch.cat([self.grow(functional.interpolate(x, scale_factor=2, mode="nearest")), skip], 1)
        x = self.upAttention(self.up[0](x, condition))
        return self.output(functional.silu(self.norm(x)))


class Condition(nn.Module):
    def __init__(self, dimension):
        super().__init__()
        self.null = nn.Parameter(torch.zeros(1, dimension))

    def forward(self, embedding, drop):
        norm = ((embedding * embedding).sum(1, keepdim=True) + 1e-12).sqrt()
        scaled = embedding / norm * embedding.shape[1] ** 0.5
        return scaled + drop[:, None] * (self.null - scaled)


class Denoiser(nn.Module):
    def __init__(self, channels, dimension):
        super().__init__()
        self.condition, self.unet = Condition(dimension), UNet(channels, dimension)

    def loss(self, latents, noise, condition, time, alphaBar, drop):
        signal, spread = alphaBar.sqrt()[:, None, None, None], (1 - alphaBar).sqrt()[:, None, None, None]
        predicted = self.unet(signal * latents + spread * noise, time, self.condition(condition, drop))
        return (signal * noise - spread * latents - predicted).square().mean()
