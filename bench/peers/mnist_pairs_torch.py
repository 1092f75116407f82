"""MNIST pairs in PyTorch: what `deno task experiment table --dataset mnist-pairs` does, on the same pairs and schedule.

    deno run -A bench/peers/digits_export.ts --dataset mnist-pairs cache/mnist-pairs
    python3 bench/peers/mnist_pairs_torch.py cache/mnist-pairs

Needs PyTorch and scikit-learn; nothing else of the project does.
"""
import argparse
import json
import time
from pathlib import Path

from torch_vae import METHODS, Schedule, Training, encode, read_pixels
from torch_small import Decoder, Encoder

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import nn


def train(method, pixels, *, seed, epochs, beta, latent_dim=16, batch_size=64):
    torch.manual_seed(seed)
    views, count = pixels.shape[:2]
    encoders = nn.ModuleList(Encoder(latent_dim) for _ in range(views))
    decoders = nn.ModuleList(Decoder(latent_dim) for _ in range(views))
    steps = count // batch_size * epochs
    schedule = Schedule(epochs=epochs, batch_size=batch_size, alpha_steps=round(0.6 * steps), beta=beta)
    training = Training(method, encoders, decoders, schedule)
    for _ in range(epochs):
        training.epoch(pixels)
    return encoders.eval()


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
        pixels = read_pixels(folder / f"{split}.pixels", (views, count, side))
        data[split] = pixels, np.fromfile(folder / f"{split}.digits", np.uint8)
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
