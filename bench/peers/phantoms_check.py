"""One of mmvm's own runs in PyTorch: whether its latents of the fresh phantoms and its AUROC are those that mmvm has.

    deno task export RUN --format pytorch --out DIR
    deno task encode RUN --data cache/phantoms-4000-777 --out DIR
    python3 bench/peers/phantoms_check.py cache/phantoms-torch DIR

The weights are trained by mmvm, so that what differs from its results is not from training. Prints a line of JSON.
"""
import argparse
import csv
import json
from pathlib import Path

from phantoms_torch import macro, networks, read, score
from torch_vae import encode

import numpy as np
import torch
from torch import nn


def read_safetensors(path):
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(raw[start + first:start + end], np.float32).reshape(entry["shape"])
    return tensors


def require_same_pairs(about, ids):
    """Refuses latents of other pairs than the test split's, or in another order."""
    part = about["splits"]["test"]
    expected = [part["studyIds"][study] for study in part["pairs"]]
    with ids.open() as file:
        if [row["study"] for row in csv.DictReader(file)] != expected:
            raise ValueError(f"{ids} has other pairs than the fresh phantoms: encode with --data as shown above")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="of phantoms_export.ts")
    parser.add_argument("run", type=Path, help="of deno task export and encode")
    options = parser.parse_args()
    torch.set_num_threads(1)
    about, pixels = read(options.folder)
    encoders, decoders = networks(about)
    state = {name: torch.tensor(value) for name, value in read_safetensors(options.run / "model.safetensors").items()}
    nn.ModuleDict({"encoders": encoders, "decoders": decoders}).load_state_dict(state)
    encoders.eval()
    require_same_pairs(about, options.run / "ids.csv")
    latents = read_safetensors(options.run / "latents.safetensors")
    differences = {
        view: float(np.abs(encode(encoder, images) - latents[f"mu.{view}"]).max())
        for view, encoder, images in zip(about["views"], encoders, pixels["test"])
    }
    spread = {view: float(latents[f"mu.{view}"].std()) for view in about["views"]}
    auroc = macro(score(encoders, (about, pixels)))
    print(json.dumps({"largestDifference": differences, "deviation": spread, "auroc": auroc}))


if __name__ == "__main__":
    main()
