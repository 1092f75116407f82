"""What PyTorch's side of the races has in common: the exchange's files, requests line by line, Adam, and the loss.

See serve.ts for the requests and exchange.ts for the files.
"""
import json
import math
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

CHECKED_STEPS = 3


def read_exchange(folder, name):
    """Settings, and tensors by name."""
    header = json.loads((Path(folder) / f"{name}.json").read_text())
    numbers = np.fromfile(Path(folder) / f"{name}.f32", np.float32)
    tensors = {}
    for entry in header["tensors"]:
        size = math.prod(entry["shape"])
        part = numbers[entry["first"]:entry["first"] + size]
        tensors[entry["name"]] = torch.from_numpy(part.reshape(entry["shape"]).copy())
    return header["settings"], tensors


def kl_standard(mu, logvar):
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()


def kl_pair(mu, logvar, mu_q, logvar_q):
    difference = logvar - logvar_q
    return 0.5 * (difference.exp() - difference - 1 + (mu - mu_q).square() * (-logvar_q).exp()).sum()


def mmvm_loss(encoders, decoders, images, noise, settings):
    """The MMVM VAE's loss of a batch with two views."""
    posteriors = [encoder(image) for encoder, image in zip(encoders, images)]
    first, second = posteriors
    fixed = kl_standard(*first) + kl_standard(*second)
    pairs = kl_pair(*first, *second) + kl_pair(*second, *first)
    kl = settings["alpha"] * fixed + (1 - settings["alpha"]) / 2 * pairs
    misfit = 0
    for decoder, (mu, logvar), image, eps in zip(decoders, posteriors, images, noise):
        z = mu + (0.5 * logvar).exp() * eps
        misfit = misfit + (decoder(z) - image).abs().sum() / settings["scale"]
    constant = images[0][0].numel() * len(images) * math.log(2 * settings["scale"])
    return (misfit + settings["beta"] * kl) / settings["batchSize"] + constant


class StepJob:
    """Training steps of a model with `encoders` and `decoders` on one batch."""

    def __init__(self, model, settings, tensors):
        images, self.noise = tensors["batch.images"], tensors["batch.noise"]
        # Channels last is what oneDNN's convolutions are fastest with.
        self.model = model.to(memory_format=torch.channels_last)
        self.images = [image.unsqueeze(1).contiguous(memory_format=torch.channels_last) for image in images]
        self.settings = settings
        self.optimizer = torch.optim.Adam(model.parameters(), lr=settings["learningRate"], eps=1e-8, foreach=True)
        self.about = f"PyTorch {torch.__version__} on the CPU, {torch.get_num_threads()} threads"

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = mmvm_loss(self.model.encoders, self.model.decoders, self.images, self.noise, self.settings)
        loss.backward()
        self.optimizer.step()
        return loss

    def check(self):
        return [self.step().item() for _ in range(CHECKED_STEPS)]

    def run(self, steps):
        for _ in range(steps):
            self.step()


class MatmulJob:
    """Products of two square matrices."""

    def __init__(self, folder, name):
        _, tensors = read_exchange(folder, name)
        self.a, self.b = tensors["a"], tensors["b"]
        self.about = f"PyTorch {torch.__version__} on the CPU, {torch.get_num_threads()} threads"

    def check(self):
        product = self.a @ self.b
        return [product[0, 0].item(), product[-1, -1].item()]

    def run(self, steps):
        for _ in range(steps):
            self.a @ self.b


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def serve(jobs, threads):
    """Answers requests until there are no more; `jobs` gives a job by the name of its work."""
    torch.set_num_threads(threads)
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                job = prepared[request["prepare"]] = jobs[request["prepare"]]()
                answer = {"about": job.about, "values": job.check()}
            else:
                job, steps = prepared[request["run"]], request["steps"]
                processor, start = processor_seconds(), time.perf_counter()
                job.run(steps)
                seconds = time.perf_counter() - start
                answer = {"seconds": seconds / steps, "processorSeconds": (processor_seconds() - processor) / steps}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print("@" + json.dumps(answer), flush=True)
