"""Writes ddp.json: a trajectory of PyTorch's DistributedDataParallel over gloo with two processes, a batch norm and
clipping by the norm. parallel_trainer_test.ts computes the same numbers. Run with python3 and torch."""
import json
import os

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

RANKS, STEPS, SAMPLES, SIDE, CHANNELS, OUTPUTS = 2, 6, 4, 8, 4, 3
LEARNING_RATE, EPSILON, MAX_NORM = 1e-2, 1e-3, 0.5


def waves(count, phase):
    """Numbers that the test computes too."""
    return torch.tensor(np.sin(1.7 * np.arange(count) ** 1.5 + phase).astype(np.float32))


def network():
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, CHANNELS, 3, bias=False),
        torch.nn.BatchNorm2d(CHANNELS),
        torch.nn.ReLU(),
        torch.nn.Conv2d(CHANNELS, OUTPUTS, SIDE - 2),
    )
    with torch.no_grad():
        net[0].weight.copy_(0.3 * waves(net[0].weight.numel(), 1).view_as(net[0].weight))
        net[3].weight.copy_(0.1 * waves(net[3].weight.numel(), 2).view_as(net[3].weight))
        net[3].bias.zero_()
    return net


def work(rank, _):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29611")
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    net = network()
    # Local statistics, averaged at the end, instead of those of rank 0.
    model = torch.nn.parallel.DistributedDataParallel(net, broadcast_buffers=False)
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, eps=EPSILON)
    losses, norms = [], []
    for step in range(STEPS):
        phase = 10 * step + 3 * rank
        x = waves(SAMPLES * SIDE * SIDE, phase).view(SAMPLES, 1, SIDE, SIDE)
        y = waves(SAMPLES * OUTPUTS, phase + 0.5).view(SAMPLES, OUTPUTS)
        optimizer.zero_grad()
        loss = (model(x).flatten(1) - y).square().mean()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM).item())
        optimizer.step()
        total = loss.detach().clone()
        dist.all_reduce(total)
        losses.append(total.item() / RANKS)
    state = {name: value.detach().clone() for name, value in net.state_dict().items() if "num_batches" not in name}
    for name, value in state.items():
        if "running" in name:
            dist.all_reduce(value)
            value /= RANKS
    if rank == 0:
        settings = {"learningRate": LEARNING_RATE, "epsilon": EPSILON, "maxNorm": MAX_NORM}
        values = {name: value.flatten().tolist() for name, value in state.items()}
        place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ddp.json")
        with open(place, "w") as file:
            json.dump({"torch": torch.__version__, **settings, "losses": losses, "norms": norms, "state": values}, file)
            file.write("\n")
    dist.destroy_process_group()


if __name__ == "__main__":
    mp.spawn(work, args=(None,), nprocs=RANKS)
