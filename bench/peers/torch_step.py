"""The PyTorch contestant of the peers' step: four 4x4 convolutions of stride 2 each way, two views.

Started by `deno task bench peers`.
"""
import torch
from torch import nn

from torch_serve import MatmulJob, StepJob, serve


def widths(settings):
    return [factor * settings["filterDim"] for factor in (1, 2, 4, 4)]


class Encoder(nn.Module):
    def __init__(self, settings):
        super().__init__()
        sizes = [1, *widths(settings)]
        for i in range(4):
            setattr(self, f"conv{i}", nn.Conv2d(sizes[i], sizes[i + 1], 4, 2, 1))
        features = sizes[-1] * (settings["imageSize"] // 16) ** 2
        self.mu = nn.Linear(features, settings["latentDim"])
        self.logvar = nn.Linear(features, settings["latentDim"])

    def forward(self, x):
        for conv in (self.conv0, self.conv1, self.conv2, self.conv3):
            x = torch.relu(conv(x))
        # With channels-last memory this order needs no copy, and it is the exchange's.
        h = x.permute(0, 2, 3, 1).flatten(1)
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.side = settings["imageSize"] // 16
        sizes = [*reversed(widths(settings)), 1]
        self.linear = nn.Linear(settings["latentDim"], sizes[0] * self.side ** 2)
        for i in range(4):
            setattr(self, f"conv{i}", nn.ConvTranspose2d(sizes[i], sizes[i + 1], 4, 2, 1))

    def forward(self, z):
        h = torch.relu(self.linear(z))
        x = h.unflatten(1, (self.side, self.side, -1)).permute(0, 3, 1, 2)
        for conv in (self.conv0, self.conv1, self.conv2):
            x = torch.relu(conv(x))
        return self.conv3(x)


class Vae(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.encoders = nn.ModuleList(Encoder(settings) for _ in range(2))
        self.decoders = nn.ModuleList(Decoder(settings) for _ in range(2))


def step_job(exchange, where):
    settings, tensors = exchange
    model = Vae(settings)
    model.load_state_dict({name: tensor for name, tensor in tensors.items() if not name.startswith("batch.")})
    return StepJob(model, exchange, where)


if __name__ == "__main__":
    serve({"step": step_job, "matmul1024": MatmulJob})
