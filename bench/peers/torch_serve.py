"""Shared by the PyTorch contestants: reading exchange files, serving requests, Adam, and the loss.

See serve.ts for the requests and exchange.ts for the files.
"""
import argparse
import json
import math
import re
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch

CHECKED_STEPS = 3


def read_exchange(folder, name):
    """Reads settings, and tensors by name."""
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
    """The MMVM VAE's loss on a batch with two views."""
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


class Where:
    """The device on which PyTorch computes, whether models are compiled, and whether CUDA multiplies in TF32."""

    def __init__(self, device="cpu", compiled=False, tf32=False):
        self.device = torch.device(device)
        self.compiled = compiled
        self.tf32 = tf32
        if compiled and not hasattr(torch, "compile"):
            raise ValueError(f"PyTorch {torch.__version__} has no torch.compile; version 2.0 or later has")
        if self.device.type == "cuda":
            if not torch.cuda.is_available():
                raise ValueError(f"PyTorch {torch.__version__} finds no CUDA device")
            # TF32 has a 10-bit mantissa; the other contestants compute with 23 bits.
            torch.backends.cuda.matmul.allow_tf32 = tf32
            torch.backends.cudnn.allow_tf32 = tf32
            torch.backends.cudnn.benchmark = True

    def about(self):
        place = f"the CPU, {torch.get_num_threads()} threads"
        if self.device.type == "cuda":
            place = f"{torch.cuda.get_device_name(self.device)}, TF32 {'on' if self.tf32 else 'off'}"
        return f"PyTorch {torch.__version__} on {place}{', torch.compile' if self.compiled else ''}"

    def finish(self):
        """Waits for the device: CUDA kernels run asynchronously."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def blas_name():
    """The BLAS library that this process has loaded; Debian chooses it among those that are installed."""
    mapped = Path("/proc/self/maps")
    text = mapped.read_text() if mapped.exists() else ""
    known = {"openblas": "openblas", "libmkl": "mkl", "libblis": "blis", "atlas": "atlas", "libblas": "reference"}
    return next((name for part, name in known.items() if part in text), "unknown")


def fma_peak(threads):
    """Peak GFLOP/s of float32 multiply-adds on this many cores, from the clock and the vector width of /proc/cpuinfo."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    clocks = re.findall(r"cpu MHz\s*:\s*([\d.]+)", text)
    flags = set(re.findall(r"^flags\s*:\s*(.*)$", text, re.M)[0].split()) if "flags" in text else set()
    isa, lanes = ("avx512", 16) if "avx512f" in flags else ("avx2", 8) if "fma" in flags else ("none", 4)
    # Two multiply-add units a core, two operations each.
    return isa, threads * float(clocks[0]) / 1e3 * lanes * 4 if clocks else math.nan


def describe(where, size=1024, seconds=0.5):
    """What this PyTorch multiplies matrices with, and how fast."""
    a, b = torch.rand(2, size, size, device=where.device).unbind()
    best = math.inf
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        a @ b
        where.finish()
        best = min(best, time.perf_counter() - start)
    threads = torch.get_num_threads()
    isa, peak = fma_peak(threads)
    return {
        "blas": blas_name() if where.device.type == "cpu" else "cublas",
        "gflops": 2 * size ** 3 / best / 1e9,
        "threads": threads,
        "onednn": torch.backends.mkldnn.is_available(),
        "isa": isa,
        "peak": None if math.isnan(peak) or where.device.type != "cpu" else peak,
    }


class StepJob:
    """Training steps of a model with `encoders` and `decoders` on one batch."""

    def __init__(self, model, exchange, where):
        settings, tensors = exchange
        images, self.noise = tensors["batch.images"], tensors["batch.noise"].to(where.device)
        # oneDNN's and cuDNN's convolutions are fastest with channels-last layouts.
        last = {"device": where.device, "memory_format": torch.channels_last}
        model.to(**last)
        self.images = [image.unsqueeze(1).to(where.device).contiguous(memory_format=torch.channels_last) for image in images]
        self.settings = settings
        self.where = where
        self.optimizer = torch.optim.Adam(model.parameters(), lr=settings["learningRate"], eps=1e-8, foreach=True)
        compiled = torch.compile if where.compiled else lambda module: module
        self.encoders = [compiled(encoder) for encoder in model.encoders]
        self.decoders = [compiled(decoder) for decoder in model.decoders]
        self.about = where.about()

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = mmvm_loss(self.encoders, self.decoders, self.images, self.noise, self.settings)
        loss.backward()
        self.optimizer.step()
        return loss

    def check(self):
        return [self.step().item() for _ in range(CHECKED_STEPS)]

    def run(self, steps):
        for _ in range(steps):
            self.step()
        self.where.finish()


class MatmulJob:
    """Products of two square matrices."""

    def __init__(self, exchange, where):
        _, tensors = exchange
        self.a, self.b = tensors["a"].to(where.device), tensors["b"].to(where.device)
        self.where = where
        self.about = where.about()

    def check(self):
        product = self.a @ self.b
        return [product[0, 0].item(), product[-1, -1].item()]

    def run(self, steps):
        for _ in range(steps):
            self.a @ self.b
        self.where.finish()


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def serve(jobs):
    """Answers requests until standard input ends.

    `jobs` maps the name of a work to a function from exchange and device to a job.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--tf32", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "describe" in request:
                answer = describe(Where(given.device, given.compile, given.tf32))
            elif "prepare" in request:
                name = request["prepare"]
                where = Where(given.device, given.compile, given.tf32)
                job = prepared[name] = jobs[name](read_exchange(given.folder, name), where)
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
