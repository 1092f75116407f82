"""Multimodal VAEs in PyTorch for the tables: posteriors and their aggregates, the losses, training and encoding.

Import it before NumPy: see below.
"""
import math
import os
from dataclasses import dataclass

# Must be set before NumPy and PyTorch are imported: OpenBLAS's threads spin while waiting, which triples the work on
# a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import torch

METHODS = ["mmvm", "independent", "poe", "moe", "mopoe", "avg"]


def kl_normal(mu, logvar):
    return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(-1)


def kl_pair(mu, logvar, mu_p, logvar_p):
    return 0.5 * (logvar_p - logvar - 1 + (logvar - logvar_p).exp() + (mu - mu_p) ** 2 * (-logvar_p).exp()).sum(-1)


def product(mu, logvar):
    precision = (-logvar).exp()
    total = precision.sum(0)
    return (precision * mu).sum(0) / total, -total.log()


def aggregate(method, mu, logvar):
    """The joint posterior of posteriors [M, N, D]; of mixtures, each slice of the batch takes one component."""
    views, samples, _ = mu.shape
    if method == "poe":
        return product(mu, logvar)
    if method == "avg":
        return mu.mean(0), logvar.exp().mean(0).log()
    subsets = [[m] for m in range(views)]
    if method == "mopoe":
        subsets = [[m for m in range(views) if bits >> m & 1] for bits in range(1, 2 ** views)]
        subsets.sort(key=lambda subset: (len(subset), subset))
    parts = [product(mu[subset], logvar[subset]) for subset in subsets]
    size = samples // len(parts)
    ends = [size * (k + 1) for k in range(len(parts) - 1)] + [samples]
    starts = [0] + ends[:-1]
    pick = lambda i: torch.cat([part[i][a:b] for part, a, b in zip(parts, starts, ends)])
    return pick(0), pick(1)


@dataclass
class Schedule:
    """How long and on what a model is trained; alpha falls to 1e-10 over `alpha_steps`, and on from there."""

    epochs: int
    batch_size: int
    alpha_steps: int
    beta: float
    scale: float = 0.75
    learning_rate: float = 1e-3


class Training:
    """Epochs of a method's training of networks, one encoder and one decoder a view, drawing from torch's generator."""

    def __init__(self, method, encoders, decoders, schedule):
        self.method, self.encoders, self.decoders, self.schedule = method, encoders, decoders, schedule
        parameters = [*encoders.parameters(), *decoders.parameters()]
        self.optimizer = torch.optim.Adam(parameters, lr=schedule.learning_rate)
        self.step = 0
        # Of each step, the mean over the batch.
        self.divergences = []

    def epoch(self, pixels):
        """Trains once on pixels [M, N, 1, S, S], without an incomplete last batch; returns the mean loss."""
        count, size = pixels.shape[1], self.schedule.batch_size
        order = torch.randperm(count)
        losses = []
        for i in range(count // size):
            loss = self.loss(pixels[:, order[i * size:(i + 1) * size]].float() / 255)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.step += 1
            losses.append(loss.item())
        return sum(losses) / len(losses)

    def loss(self, x):
        scale = self.schedule.scale
        mu, logvar = zip(*(encoder(image) for encoder, image in zip(self.encoders, x)))
        z, kl = self.latents(torch.stack(mu), torch.stack(logvar))
        nll = sum(
            ((decoder(latent) - image).abs() / scale + math.log(2 * scale)).sum((1, 2, 3))
            for decoder, latent, image in zip(self.decoders, z, x)
        )
        self.divergences.append(kl.mean().item())
        return (nll + self.schedule.beta * kl).mean()

    def latents(self, mu, logvar):
        """The latents from which the views are decoded, and the divergence of each sample."""
        views = len(mu)
        if self.method not in ("mmvm", "independent"):
            joint_mu, joint_logvar = aggregate(self.method, mu, logvar)
            shared = joint_mu + (joint_logvar / 2).exp() * torch.randn_like(joint_mu)
            return [shared] * views, views * kl_normal(joint_mu, joint_logvar)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        kl = kl_normal(mu, logvar).sum(0)
        if self.method == "mmvm":
            alpha = math.exp(math.log(1e-10) * self.step / self.schedule.alpha_steps)
            pairs = sum(kl_pair(mu[m], logvar[m], mu[k], logvar[k]) for m in range(views) for k in range(views)) / views
            kl = alpha * kl + (1 - alpha) * pairs
        return z, kl


@torch.no_grad()
def encode(encoder, images):
    """Posterior means of images [N, 1, S, S] of bytes; the encoder must be in evaluation mode."""
    return np.concatenate([encoder(part.float() / 255)[0].numpy() for part in images.split(500)])


def read_pixels(path, shape):
    """Bytes [M, N, 1, S, S] of a split's pairs."""
    views, count, side = shape
    return torch.from_numpy(np.fromfile(path, np.uint8).reshape(views, count, 1, side, side))
