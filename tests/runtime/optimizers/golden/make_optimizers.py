"""Reference values of PyTorch's optimisers, clipping, schedules and weight averages, computed in float64.

    python3 tests/runtime/optimizers/golden/make_optimizers.py > tests/runtime/optimizers/golden/optimizers.json

The parameters are a weight [2, 3] and a bias [3]; gradients are functions of the step, so that errors do not feed back.
"""
import json
import math

import torch

STEPS = 12
SHAPES = {"weight": [2, 3], "bias": [3]}
MAX_NORM = 1.5


def waves(count, phase):
    return torch.tensor([math.sin(1.7 * i**1.5 + phase) for i in range(count)], dtype=torch.float64)


def parameters():
    return [torch.nn.Parameter(waves(math.prod(shape), i).reshape(shape)) for i, shape in enumerate(SHAPES.values())]


def set_gradients(params, step):
    """Gradients of a mean that decreases and grows, so that some steps are clipped and others are not."""
    for i, p in enumerate(params):
        p.grad = (2 * math.exp(-step / 6) * waves(p.numel(), 10 * step + 3 * i + 5)).reshape(p.shape)


def trajectory(make, clip=False, average=None):
    params = parameters()
    optimizer = make(params)
    model = torch.nn.ParameterList(params)
    averaged = average and torch.optim.swa_utils.AveragedModel(
        model, avg_fn=lambda mean, value, _: average * mean + (1 - average) * value)
    norms = []
    for step in range(STEPS):
        set_gradients(params, step)
        if clip:
            norms.append(float(torch.nn.utils.clip_grad_norm_(params, MAX_NORM)))
        optimizer.step()
        if averaged:
            averaged.update_parameters(model)
    final = list((averaged.module if averaged else model).parameters())
    return {"values": [v for p in final for v in p.detach().flatten().tolist()], **({"norms": norms} if clip else {})}


def split(decay):
    """The bias is exempt from weight decay."""
    return lambda params: [{"params": [params[0]], "weight_decay": decay}, {"params": [params[1]], "weight_decay": 0}]


def rates(make, steps=20):
    optimizer = torch.optim.SGD(parameters(), lr=0.1)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def warm_cosine(optimizer):
    lr = torch.optim.lr_scheduler
    return lr.SequentialLR(
        optimizer,
        [lr.LinearLR(optimizer, start_factor=1 / 5, total_iters=4), lr.CosineAnnealingLR(optimizer, 15, eta_min=0.001)],
        milestones=[5])


PLATEAU = [3, 2, 2.1, 1.9999, 2, 2.5, math.nan, 1.5, 1.6, 1.7, 1.8, 1.49, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6]


def plateau():
    optimizer = torch.optim.SGD(parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    found = []
    for loss in PLATEAU:
        schedule.step(loss)
        found.append(optimizer.param_groups[0]["lr"])
    return found


optim = torch.optim
print(json.dumps({
    "torch": torch.__version__,
    "steps": STEPS,
    "maxNorm": MAX_NORM,
    "optimizers": {
        "adamw": trajectory(lambda ps: optim.AdamW(ps, lr=0.02, weight_decay=0.1)),
        "adamw weights only": trajectory(lambda ps: optim.AdamW(split(0.1)(ps), lr=0.02)),
        "adam l2 weights only": trajectory(lambda ps: optim.Adam(split(0.1)(ps), lr=0.02)),
        "sgd": trajectory(lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9, weight_decay=0.1)),
        "sgd nesterov weights only": trajectory(
            lambda ps: optim.SGD(split(0.1)(ps), lr=0.02, momentum=0.9, nesterov=True)),
        "adamw clipped": trajectory(lambda ps: optim.AdamW(ps, lr=0.02, weight_decay=0.1), clip=True),
        "sgd averaged": trajectory(lambda ps: optim.SGD(ps, lr=0.1), average=0.8),
    },
    "schedules": {
        "cosine": rates(lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 20, eta_min=0.001)),
        "exponential": rates(lambda o: optim.lr_scheduler.ExponentialLR(o, 0.01 ** (1 / 20))),
        "warm-up and cosine": rates(warm_cosine),
    },
    "plateau": {"losses": [None if math.isnan(x) else x for x in PLATEAU], "rates": plateau()},
}))
