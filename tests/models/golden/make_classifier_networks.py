"""Writes classifier_networks.json: features and gradients of DenseNets and ResNets in PyTorch, with torchvision's names.
networks/classifier_networks_test.ts computes the same numbers. Run with python3 and torch."""
import json
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class DenseLayer(nn.Module):
    def __init__(self, channels, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        y = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return torch.cat([x, y], 1)


class Transition(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv(F.relu(self.norm(x))), 2, 2)


class DenseNet(nn.Module):
    def __init__(self, blocks, growth, stem, inputs):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(inputs, stem, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(stem))
        self.features.add_module("relu0", nn.ReLU())
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
        channels = stem
        for i, layers in enumerate(blocks):
            block = nn.Sequential()
            for layer in range(layers):
                block.add_module(f"denselayer{layer + 1}", DenseLayer(channels, growth))
                channels += growth
            self.features.add_module(f"denseblock{i + 1}", block)
            if i < len(blocks) - 1:
                self.features.add_module(f"transition{i + 1}", Transition(channels))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))

    def forward(self, x):
        return F.relu(self.features(x)).mean((2, 3))


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, stages, width, inputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        channels = width
        for i, blocks in enumerate(stages):
            stage = nn.Sequential()
            for block in range(blocks):
                stage.append(Bottleneck(channels, width * 2**i, 2 if i > 0 and block == 0 else 1))
                channels = 4 * width * 2**i
            self.add_module(f"layer{i + 1}", stage)
        self.stages = len(stages)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
        return x.mean((2, 3))


def waves(shape, phase):
    """Numbers that the test computes too."""
    count = int(np.prod(shape))
    return torch.tensor(np.sin(1.7 * np.arange(count) ** 1.5 + phase).reshape(shape), dtype=torch.float64)


def fill(net):
    """Deterministic weights: He's variance for convolutions, near one and zero for batch norms."""
    net.double()
    with torch.no_grad():
        for name, value in net.named_parameters():
            wave = waves(value.shape, sum(map(ord, name)))
            if value.dim() == 4:
                value.copy_(wave * 2 / np.sqrt(value[0].numel()))
            else:
                value.copy_((1 if name.endswith("weight") else 0) + 0.2 * wave)
    return net


def golden(net, samples, size):
    """Features in evaluation and in training, and for each parameter's gradient in training its norm and a projection."""
    image = 0.5 + 0.5 * waves((samples, 1, size, size), 0)
    net.eval()
    evaluated = net(image)
    net.train()
    features = net(image)
    (features * waves(features.shape, 1)).sum().backward()
    return {
        "samples": samples,
        "imageSize": size,
        "evaluated": evaluated.flatten().tolist(),
        "features": features.flatten().tolist(),
        "gradients": {
            name: [value.grad.norm().item(), (value.grad * waves(value.shape, 2)).sum().item()]
            for name, value in net.named_parameters()
        },
        "statistics": {
            name: [value.norm().item(), (value * waves(value.shape, 3)).sum().item()]
            for name, value in net.named_buffers()
            if "running" in name
        },
    }


def parameters(net, features):
    """With a head of 1,000 classes."""
    return sum(value.numel() for value in net.parameters()) + 1000 * (features + 1)


def rounded(value):
    """Nine significant digits."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def full(net):
    """Features of a whole network in evaluation."""
    with torch.no_grad():
        return fill(net).eval()(0.5 + 0.5 * waves((1, 1, 64, 64), 0)).flatten().tolist()


if __name__ == "__main__":
    densenet = {"blocks": [2, 1, 2, 1], "growth": 4, "stem": 8}
    resnet = {"stages": [2, 1, 1, 1], "width": 4}
    result = {
        "torch": torch.__version__,
        "parameters": {
            "densenet121": parameters(DenseNet([6, 12, 24, 16], 32, 64, 3), 1024),
            "resnet50": parameters(ResNet([3, 4, 6, 3], 64, 3), 2048),
        },
        "densenet": {"shape": densenet, **golden(fill(DenseNet(**densenet, inputs=1)), 3, 64)},
        "resnet": {"shape": resnet, **golden(fill(ResNet(**resnet, inputs=1)), 3, 64)},
        "densenet121": full(DenseNet([6, 12, 24, 16], 32, 64, 1)),
        "resnet50": full(ResNet([3, 4, 6, 3], 64, 1)),
    }
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "classifier_networks.json")
    with open(place, "w") as file:
        json.dump(rounded(result), file)
        file.write("\n")
