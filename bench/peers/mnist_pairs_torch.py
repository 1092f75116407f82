"""MNIST pairs in PyTorch: what `deno task experiment table --dataset mnist-pairs` does, on the same pairs and schedule.

    deno run -A bench/peers/mnist_pairs_export.ts cache/mnist-pairs
    python3 bench/peers/mnist_pairs_torch.py cache/mnist-pairs

Needs PyTorch and scikit-learn; nothing else of the project does.
"""
import argparse
import json
import math
import os
import time
from pathlib import Path

# Must be set before NumPy and PyTorch are imported: OpenBLAS's threads spin while waiting, which triples the work on
# a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import nn

METHODS = ["mmvm", "independent", "poe", "moe", "mopoe", "avg"]


class Encoder(nn.Module):
    def __init__(self, latent_dim):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(),
            nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(),
        )
        self.mu = nn.Linear(128, latent_dim)
        self.logvar = nn.Linear(128, latent_dim)

    def forward(self, x):
        h = self.features(x)
        return self.mu(h), self.logvar(h)


class Decoder(nn.Module):
    def __init__(self, latent_dim):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, 128), nn.ReLU(), nn.Linear(128, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1),
        )

    def forward(self, z):
        return self.layers(z)


def kl_normal(mu, logvar):
    return 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(-1)


def kl_pair(mu, logvar, mu_p, logvar_p):
    return 0.5 * (logvar_p - logvar - 1 + (logvar - logvar_p).exp() + (mu - mu_p) ** 2 * (-logvar_p).exp()).sum(-1)


def product(mu, logvar):
    precision = (-logvar).exp()
    total = precision.sum(0)
    return (precision * mu).sum(0) / total, -total.log()


def aggregate(method, mu, logvar):
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


def train(method, pixels, *, seed, epochs, beta, latent_dim=16, batch_size=64, scale=0.75):
    torch.manual_seed(seed)
    views, count = pixels.shape[:2]
    encoders = nn.ModuleList(Encoder(latent_dim) for _ in range(views))
    decoders = nn.ModuleList(Decoder(latent_dim) for _ in range(views))
    optimizer = torch.optim.Adam([*encoders.parameters(), *decoders.parameters()], lr=1e-3)
    steps_per_epoch = count // batch_size
    alpha_steps = round(0.6 * steps_per_epoch * epochs)
    step = 0
    for _ in range(epochs):
        order = torch.randperm(count)
        for i in range(steps_per_epoch):
            x = pixels[:, order[i * batch_size:(i + 1) * batch_size]].float() / 255
            posteriors = [encoder(image) for encoder, image in zip(encoders, x)]
            mu = torch.stack([m for m, _ in posteriors])
            logvar = torch.stack([v for _, v in posteriors])
            if method in ("mmvm", "independent"):
                z = mu + (logvar / 2).exp() * torch.randn_like(mu)
                kl = kl_normal(mu, logvar).sum(0)
                if method == "mmvm":
                    alpha = math.exp(math.log(1e-10) * step / alpha_steps)
                    pairs = sum(
                        kl_pair(mu[m], logvar[m], mu[k], logvar[k]) for m in range(views) for k in range(views)
                    ) / views
                    kl = alpha * kl + (1 - alpha) * pairs
            else:
                joint_mu, joint_logvar = aggregate(method, mu, logvar)
                shared = joint_mu + (joint_logvar / 2).exp() * torch.randn_like(joint_mu)
                z = [shared] * views
                kl = views * kl_normal(joint_mu, joint_logvar)
            nll = sum(
                ((decoder(latent) - image).abs() / scale + math.log(2 * scale)).sum((1, 2, 3))
                for decoder, latent, image in zip(decoders, z, x)
            )
            loss = (nll + beta * kl).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return encoders.eval()


@torch.no_grad()
def encode(encoder, images):
    return np.concatenate([encoder(part.float() / 255)[0].numpy() for part in images.split(500)])


def score(encoders, data, labelled):
    """Per view, macro one-vs-rest AUROC and accuracy on the test pairs."""
    results = []
    for m, encoder in enumerate(encoders):
        train_pixels, train_digits = data["train"]
        test_pixels, test_digits = data["test"]
        probe = LogisticRegression(max_iter=2000).fit(encode(encoder, train_pixels[m][labelled]), train_digits[labelled])
        probabilities = probe.predict_proba(encode(encoder, test_pixels[m]))
        auroc = np.mean([roc_auc_score(test_digits == digit, probabilities[:, digit]) for digit in range(10)])
        results.append((auroc, np.mean(probabilities.argmax(1) == test_digits)))
    return results


def read(folder):
    about = json.loads((folder / "pairs.json").read_text())
    side, views = about["imageSize"], len(about["views"])
    data = {}
    for split, count in about["counts"].items():
        pixels = np.fromfile(folder / f"{split}.pixels", np.uint8).reshape(views, count, 1, side, side)
        data[split] = torch.from_numpy(pixels), np.fromfile(folder / f"{split}.digits", np.uint8)
    return about, data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--beta", type=float, default=0.25)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    about, data = read(options.folder)
    table = {}
    for seed in range(1, options.seeds + 1):
        for method in options.methods.split(","):
            started = time.time()
            encoders = train(method, data["train"][0], seed=seed, epochs=options.epochs, beta=options.beta)
            results = score(encoders, data, np.array(about["labelled"][str(seed)]))
            table.setdefault(method, []).append(results)
            text = ", ".join(f"{view} {100 * auroc:.1f}" for view, (auroc, _) in zip(about["views"], results))
            print(f"{method}, seed {seed}: {text} ({time.time() - started:.0f} s)", flush=True)
    print("\nmethod" + "".join(f"  AUROC, {view}  accuracy, {view}" for view in about["views"]))
    for method, runs in table.items():
        runs = np.array(runs)
        spread = runs.std(0, ddof=1) if len(runs) > 1 else np.zeros_like(runs[0])
        cells = [f"{100 * mean:.1f} +- {100 * sd:.1f}" for mean, sd in zip(runs.mean(0).ravel(), spread.ravel())]
        print(f"{method:12}" + "  ".join(f"{cell:>14}" for cell in cells))


if __name__ == "__main__":
    main()
