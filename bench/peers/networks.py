"""Our classifiers written in PyTorch, with our names of parameters."""
from torch import nn
from torch.nn import functional


class AirbenchBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm1, self.norm2 = nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.norm1.weight.requires_grad_(False)
        self.norm2.weight.requires_grad_(False)

    def forward(self, x):
        x = functional.gelu(self.norm1(functional.max_pool2d(self.conv1(x), 2)))
        return functional.gelu(self.norm2(self.conv2(x)))


class Airbench(nn.Module):
    def __init__(self, options):
        super().__init__()
        widths = options["widths"]
        self.whiten = nn.Conv2d(3, 24, 2, bias=False)
        self.whiten.weight.requires_grad_(False)
        for i, (inputs, outputs) in enumerate(zip([24, *widths], widths)):
            self.add_module(f"block{i + 1}", AirbenchBlock(inputs, outputs))
        self.depth = len(widths)
        self.head = nn.Linear(widths[-1], 10, bias=False)

    def forward(self, x):
        x = functional.gelu(self.whiten(x))
        for i in range(self.depth):
            x = self.get_submodule(f"block{i + 1}")(x)
        return self.head(x.amax((2, 3))) / 9


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)), inplace=True)))
        return functional.relu(y + self.shortcut(x), inplace=True)


class Residual(nn.Module):
    def __init__(self, options, stages):
        super().__init__()
        width, blocks = options["width"], options["blocks"]
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage in range(stages):
            outputs = width << stage
            layers = []
            for block in range(blocks):
                layers.append(BasicBlock(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
                inputs = outputs
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layers))
        self.stages = stages
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        for stage in range(self.stages):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


def network_of(settings):
    """The network of a case's settings."""
    options = settings["options"]
    if settings["network"] == "airbench":
        return Airbench(options)
    if settings["network"] == "resnet18_32x32":
        return Residual({"width": options.get("width", 64), "blocks": 2}, 4)
    return Residual(options, 3)


def normalised(images):
    """uint8 pictures as the networks see them: mean 0.5, deviation 0.25."""
    return (images.float() / 255 - 0.5) / 0.25
