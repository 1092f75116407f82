"""Translated PolyMNIST in PyTorch: what `deno task experiment polymnist` does, on the same tuples and schedule.

    deno run -A bench/peers/digits_export.ts --dataset polymnist cache/polymnist
    python3 bench/peers/polymnist_torch.py cache/polymnist

Prints a line of JSON for each run and appends it to `results.jsonl` in the folder; runs that are there are not
repeated. `--epochs` trains longer than the experiment does. Needs PyTorch and scikit-learn; nothing else of the project
does.
"""
import argparse
import json
import time
from pathlib import Path

from torch_vae import METHODS, Schedule, Training, encode
from torch_small import Classifier, Decoder, Encoder

import numpy as np
import torch
from mnist_pairs_torch import read
from sklearn.linear_model import LogisticRegression
from torch import nn

# Share of the steps over which alpha is annealed, as for all digits.
ALPHA_SHARE = 0.6
CLASSES = 10


def train_judge(about, data):
    """A classifier of each view, trained for as many steps as the experiment's."""
    model, training = about["model"], about["training"]
    pixels, digits = data["train"]
    torch.manual_seed(1)
    judge = nn.ModuleList(Classifier(CLASSES, model["filterDim"]) for _ in about["views"])
    optimizer = torch.optim.Adam(judge.parameters(), lr=training["learningRate"])
    targets, size = torch.from_numpy(digits).long(), training["batchSize"]
    for _ in range(training["epochs"]):
        order = torch.randperm(pixels.shape[1])
        for i in range(pixels.shape[1] // size):
            rows = order[i * size:(i + 1) * size]
            loss = sum(
                nn.functional.cross_entropy(classifier(images[rows].float() / 255), targets[rows])
                for classifier, images in zip(judge, pixels)
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return judge.eval()


@torch.no_grad()
def recognised(classifier, images, digits):
    """The share of images [N, 1, S, S] in [0, 1], rounded to bytes as if saved, whose digit the judge sees."""
    bytes_of = (images.clamp(0, 1) * 255).round() / 255
    return float((classifier(bytes_of).argmax(1).numpy() == digits).mean())


def train(method, pixels, *, about, seed, power, epochs):
    """Encoders and decoders after the whole schedule, and the divergence, the mean of the last 50 steps."""
    model, settings = about["model"], about["training"]
    torch.manual_seed(seed)
    parts = [
        nn.ModuleList(part(model["latentDim"], model["filterDim"]) for _ in about["views"])
        for part in (Encoder, Decoder)
    ]
    steps = pixels.shape[1] // settings["batchSize"] * epochs
    training = Training(method, *parts, Schedule(
        epochs=epochs,
        batch_size=settings["batchSize"],
        alpha_steps=round(ALPHA_SHARE * steps),
        beta=2 ** power,
        scale=model["likelihood"]["scale"],
        learning_rate=settings["learningRate"],
    ))
    for _ in range(epochs):
        training.epoch(pixels)
    return *(part.eval() for part in parts), float(np.mean(training.divergences[-50:]))


@torch.no_grad()
def measure(encoders, decoders, *, data, judge):
    """Means over views: error of reconstructions, and over sources: classification of latents, and coherence."""
    (train_pixels, train_digits), (pixels, digits) = data["train"], data["test"]
    errors, classification, coherence = [], [], []
    for m, encoder in enumerate(encoders):
        latents = encode(encoder, pixels[m])
        probe = LogisticRegression(max_iter=5000).fit(encode(encoder, train_pixels[m]), train_digits)
        classification.append(float((probe.predict(latents) == digits).mean()))
        for k, decoder in enumerate(decoders):
            images = torch.cat([decoder(part) for part in torch.from_numpy(latents).split(500)])
            if m == k:
                errors.append(float((images - pixels[k].float() / 255).square().mean()))
            else:
                coherence.append(recognised(judge[k], images, digits))
    return {
        "error": float(np.mean(errors)),
        "classification": float(np.mean(classification)),
        "coherence": float(np.mean(coherence)),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--powers", default="0,-3,-6", help="of two, the weights of the divergence; comma-separated")
    parser.add_argument("--seeds", default="1", help="comma-separated")
    parser.add_argument("--epochs", type=int, help="those of the experiment unless given")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    about, data = read(options.folder)
    epochs = options.epochs or about["training"]["epochs"]
    judge = train_judge(about, data)
    real = [recognised(own, images.float() / 255, data["test"][1]) for own, images in zip(judge, data["test"][0])]
    print("the judge recognises", ", ".join(f"{100 * share:.0f} % {view}" for view, share in zip(about["views"], real)))
    results = options.folder / "results.jsonl"
    done = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    for seed in map(int, options.seeds.split(",")):
        for power in map(int, options.powers.split(",")):
            for method in options.methods.split(","):
                run = {"method": method, "seed": seed, "power": power, "epochs": epochs}
                if any(run.items() <= other.items() for other in done):
                    continue
                started = time.process_time()
                *networks, divergence = train(method, data["train"][0], about=about, seed=seed, power=power, epochs=epochs)
                seconds = round(time.process_time() - started)
                measured = measure(*networks, data=data, judge=judge)
                line = json.dumps({**run, "divergence": divergence, **measured, "processorSeconds": seconds})
                print(line, flush=True)
                with results.open("a") as file:
                    file.write(f"{line}\n")


if __name__ == "__main__":
    main()
