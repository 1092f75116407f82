"""Phantoms in PyTorch: what `deno task experiment table --scale small` does, on the same pairs and schedule.

    deno run -A bench/peers/phantoms_export.ts cache/phantoms-torch
    python3 bench/peers/phantoms_torch.py cache/phantoms-torch

`--latents` and `--epochs` make it the settings of `deno task experiment published-order`.

Prints a line of JSON for each run and appends it to `results.jsonl` in the folder; runs that are there are not
repeated, and a run that was interrupted continues after its last whole epoch.

Needs PyTorch and scikit-learn; nothing else of the project does.
"""
import argparse
import json
import os
import time
from pathlib import Path

from torch_vae import METHODS, Schedule, Training, encode, read_pixels

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from torch import nn
from torch_residual import Decoder, Encoder

# What a checkpoint has of a training.
PARTS = ["encoders", "decoders", "optimizer"]


def read(folder):
    """What the export says, and the pixels of each split."""
    about = json.loads((folder / "phantoms.json").read_text())
    side, views = about["model"]["imageSize"], len(about["views"])
    pixels = {
        split: read_pixels(folder / f"{split}.pixels", (views, part["count"], side))
        for split, part in about["splits"].items()
    }
    return about, pixels


def changed(about, latents, epochs):
    """What the export says, with other latent dimensions or epochs unless None; alpha is annealed over the same share."""
    model, training = about["model"], about["training"]
    epochs = epochs or training["epochs"]
    alpha_steps = round(training["alphaSteps"] * epochs / training["epochs"])
    return about | {
        "model": model | {"latentDim": latents or model["latentDim"]},
        "training": training | {"epochs": epochs, "alphaSteps": alpha_steps},
    }


def networks(about):
    """An untrained encoder and decoder for each view."""
    views = range(len(about["views"]))
    encoders = nn.ModuleList(Encoder(about["model"]) for _ in views)
    return encoders, nn.ModuleList(Decoder(about["model"]) for _ in views)


def schedule_of(about):
    model, training = about["model"], about["training"]
    if model["dropout"] != 0 or model["likelihood"]["name"] != "laplace":
        raise ValueError("this script has neither dropout nor another likelihood than Laplace's: use neither")
    return Schedule(
        epochs=training["epochs"],
        batch_size=training["batchSize"],
        alpha_steps=training["alphaSteps"],
        beta=training["beta"],
        scale=model["likelihood"]["scale"],
        learning_rate=training["learningRate"],
    )


def save(state, path):
    """Replaces the file as a whole, so that a kill leaves the previous one."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def train(method, seed, data, checkpoint):
    """The encoders after the whole schedule, and a record of it; saves the training after every epoch."""
    about, pixels = data
    settings = {part: about[part] for part in ("model", "training")}
    torch.manual_seed(seed)
    encoders, decoders = networks(about)
    run = Training(method, encoders, decoders, schedule_of(about))
    done, seconds, loss = 0, 0, None
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        if saved["settings"] != settings:
            raise ValueError(f"{checkpoint} was trained with other settings than the export's: delete it")
        done, seconds, loss, run.step = saved["epochs"], saved["seconds"], saved["loss"], saved["step"]
        for part in PARTS:
            getattr(run, part).load_state_dict(saved[part])
        torch.set_rng_state(saved["random"])
    for epoch in range(done, run.schedule.epochs):
        started = time.process_time()
        loss = run.epoch(pixels["train"])
        seconds += time.process_time() - started
        print(f"{method}, seed {seed}: epoch {epoch + 1}, loss {loss:.1f}, {seconds:.0f} s", flush=True)
        state = {part: getattr(run, part).state_dict() for part in PARTS}
        state |= {"settings": settings, "epochs": epoch + 1, "step": run.step, "seconds": seconds, "loss": loss}
        save({**state, "random": torch.get_rng_state()}, checkpoint)
    return encoders, {"steps": run.step, "loss": loss, "processorSeconds": round(seconds)}


def labels_of(about, split):
    """Labels [studies, labels]: 1, 0, or NaN where there is none; and the study of each pair."""
    part = about["splits"][split]
    return np.array(part["labels"], float).T, np.array(part["pairs"])


def score(encoders, data):
    """AUROC of each label by view: one logistic regression per label on the training pairs' posterior means."""
    about, pixels = data
    train_labels, train_pairs = labels_of(about, "train")
    test_labels, test_pairs = labels_of(about, "test")
    pairs_of_study = np.bincount(test_pairs)
    encoders.eval()
    result = {}
    for view, encoder, train_images, test_images in zip(about["views"], encoders, pixels["train"], pixels["test"]):
        train_latents, test_latents = encode(encoder, train_images), encode(encoder, test_images)
        result[view] = {}
        for label, name in enumerate(about["labels"]):
            targets = train_labels[train_pairs, label]
            known, truth = ~np.isnan(targets), test_labels[:, label]
            probe = LogisticRegression(tol=1e-8, max_iter=10000)
            probe.fit(train_latents[known].astype(float), targets[known])
            scores = probe.predict_proba(test_latents.astype(float))[:, 1]
            # A study's score is the mean over its pairs.
            means = np.bincount(test_pairs, scores) / pairs_of_study
            told = ~np.isnan(truth)
            result[view][name] = roc_auc_score(truth[told], means[told])
    return result


def macro(by_label):
    return {view: float(np.mean(list(labels.values()))) for view, labels in by_label.items()}


def finished(path):
    return list(map(json.loads, path.read_text().splitlines())) if path.exists() else []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default=",".join(METHODS), help="comma-separated")
    parser.add_argument("--seeds", default="1,2,3", help="comma-separated")
    parser.add_argument("--latents", type=int, help="those of the experiment unless given")
    parser.add_argument("--epochs", type=int, help="those of the experiment unless given")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    about, pixels = read(options.folder)
    about = changed(about, options.latents, options.epochs)
    latents, epochs = about["model"]["latentDim"], about["training"]["epochs"]
    results = options.folder / "results.jsonl"
    for seed in map(int, options.seeds.split(",")):
        for method in options.methods.split(","):
            run = {"method": method, "seed": seed, "latents": latents, "epochs": epochs}
            if any(run.items() <= other.items() for other in finished(results)):
                continue
            checkpoint = options.folder / f"{method}-{seed}-{latents}-{epochs}.pt"
            encoders, about_run = train(method, seed, (about, pixels), checkpoint)
            by_label = score(encoders, (about, pixels))
            line = json.dumps({**run, "torch": torch.__version__, **about_run, "auroc": macro(by_label), "labels": by_label})
            print(line, flush=True)
            with results.open("a") as file:
                file.write(f"{line}\n")


if __name__ == "__main__":
    main()
