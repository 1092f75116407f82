"""The PyTorch contestant of the papers' steps: the residual network at 64 and 224 pixels with two views.

Started by `deno task bench paper64` and `paper224`.

Names are those of the authors' state_dict; see models/networks/residual.ts for the network.
"""
import torch
from torch import nn

from torch_serve import StepJob, serve

# Width in units of F, stride, padding.
DOWN = {
    64: [(2, 2, 1), (3, 2, 1), (4, 2, 1), (5, 2, 0)],
    224: [(2, 2, 1), (3, 2, 1), (4, 2, 1), (5, 4, 1), (5, 2, 0)],
}
UP = {
    64: [(4, 1, 0), (3, 2, 1), (2, 2, 1), (1, 2, 1)],
    224: [(4, 1, 0), (3, 2, 1), (2, 2, 1), (1, 2, 1), (1, 2, 1), (1, 2, 1)],
}


class Block(nn.Module):
    """Pre-activation: BN, ReLU, 1x1, BN, ReLU, 4x4, and a 4x4 shortcut with a BN."""

    def __init__(self, conv, shortcut, inputs, outputs, stride, padding):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = conv(inputs, inputs, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inputs)
        self.conv2 = conv(inputs, outputs, 4, stride, padding, bias=False)
        beside = nn.Sequential(conv(inputs, outputs, 4, stride, padding), nn.BatchNorm2d(outputs))
        self.shortcut = shortcut
        setattr(self, shortcut, beside)

    def forward(self, x):
        y = self.conv1(torch.relu(self.bn1(x)))
        y = self.conv2(torch.relu(self.bn2(y)))
        return getattr(self, self.shortcut)(x) + y


class FeatureExtractor(nn.Module):
    def __init__(self, size, filters):
        super().__init__()
        self.conv1 = nn.Conv2d(1, filters, 3, 2, 1, bias=False)
        self.blocks = []
        inputs = filters
        for i, (width, stride, padding) in enumerate(DOWN[size]):
            block = Block(nn.Conv2d, "downsample", inputs, width * filters, stride, padding)
            setattr(self, f"resblock_{i + 1}", nn.Sequential(block))
            self.blocks.append(f"resblock_{i + 1}")
            inputs = width * filters

    def forward(self, x):
        x = self.conv1(x)
        for name in self.blocks:
            x = getattr(self, name)(x)
        return x.flatten(1)


class FeatureCompressor(nn.Module):
    def __init__(self, features, latent):
        super().__init__()
        self.content_mu = nn.Linear(features, latent, bias=False)
        self.content_logvar = nn.Linear(features, latent, bias=False)

    def forward(self, h):
        return self.content_mu(h), self.content_logvar(h)


class Encoder(nn.Module):
    def __init__(self, settings):
        super().__init__()
        filters = settings["filterDim"]
        self.feature_extractor = FeatureExtractor(settings["imageSize"], filters)
        self.feature_compressor = FeatureCompressor(5 * filters, settings["latentDim"])

    def forward(self, x):
        return self.feature_compressor(self.feature_extractor(x))


class ImageGenerator(nn.Module):
    def __init__(self, size, filters):
        super().__init__()
        layers = []
        inputs = 5 * filters
        for width, stride, padding in UP[size]:
            layers.append(nn.Sequential(Block(nn.ConvTranspose2d, "upsample", inputs, width * filters, stride, padding)))
            inputs = width * filters
        layers.append(nn.ConvTranspose2d(inputs, 1, 3, 2, 17 if size == 224 else 1, output_padding=1))
        self.generator = nn.Sequential(*layers)

    def forward(self, h):
        return self.generator(h)


class Decoder(nn.Module):
    def __init__(self, settings):
        super().__init__()
        filters = settings["filterDim"]
        self.feature_generator = nn.Linear(settings["latentDim"], 5 * filters)
        self.img_generator = ImageGenerator(settings["imageSize"], filters)

    def forward(self, z):
        return self.img_generator(self.feature_generator(z)[:, :, None, None])


class Vae(nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.encoders = nn.ModuleList(Encoder(settings) for _ in range(2))
        self.decoders = nn.ModuleList(Decoder(settings) for _ in range(2))


def paper_job(exchange, where):
    settings, tensors = exchange
    model = Vae(settings)
    state = {name: tensor for name, tensor in tensors.items() if not name.startswith("batch.")}
    missing, unexpected = model.load_state_dict(state, strict=False)
    unknown = [name for name in missing if not name.endswith("num_batches_tracked")] + unexpected
    if unknown:
        raise ValueError(f"the exchange and the model differ in {', '.join(unknown[:3])}")
    return StepJob(model, exchange, where)


if __name__ == "__main__":
    serve({"paper64": paper_job, "paper224": paper_job})
