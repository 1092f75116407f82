"""The small network in PyTorch, at 28 pixels: the counterpart of `models/networks/small.ts`."""
from torch import nn

HIDDEN = 128
# Sides of the maps after two convolutions of stride 2.
SIDE = 7


def features(filter_dim):
    flat = 2 * filter_dim * SIDE ** 2
    return nn.Sequential(
        nn.Conv2d(1, filter_dim, 4, 2, 1), nn.ReLU(),
        nn.Conv2d(filter_dim, 2 * filter_dim, 4, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(flat, HIDDEN), nn.ReLU(),
    )


class Encoder(nn.Module):
    def __init__(self, latent_dim, filter_dim=16):
        super().__init__()
        self.features = features(filter_dim)
        self.mu = nn.Linear(HIDDEN, latent_dim)
        self.logvar = nn.Linear(HIDDEN, latent_dim)

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, latent_dim, filter_dim=16):
        super().__init__()
        channels = 2 * filter_dim
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, channels * SIDE ** 2), nn.ReLU(), nn.Unflatten(1, (channels, SIDE, SIDE)),
            nn.ConvTranspose2d(channels, filter_dim, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(filter_dim, 1, 4, 2, 1),
        )

    def forward(self, z):
        return self.layers(z)


class Classifier(nn.Module):
    def __init__(self, classes, filter_dim=16):
        super().__init__()
        self.layers = nn.Sequential(features(filter_dim), nn.Linear(HIDDEN, classes))

    def forward(self, x):
        return self.layers(x)
