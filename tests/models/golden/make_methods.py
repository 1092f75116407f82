"""Writes methods.json: a few steps of multimodal VAEs in PyTorch, with linear networks, a normal likelihood and views that
some samples lack. paper_training_test.ts computes the same numbers. Run with python3 and torch."""
import json
import math
import os

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

VIEWS, SAMPLES, PIXELS, LATENT, PRIVATE, STEPS = 3, 5, 4, 4, 2, 4
SHARED = LATENT - PRIVATE
SCALE, BETA, ALPHA, LEARNING_RATE, EPSILON = 0.6, 0.7, 0.8, 1e-2, 1e-3
# View-major: the fourth sample lacks view 1, the last has view 2 alone.
PRESENT = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [1, 1, 1, 1, 1.0]])


def waves(shape, phase, scale=1.0):
    """Numbers that the test computes too."""
    values = scale * np.sin(1.7 * np.arange(math.prod(shape)) ** 1.5 + phase)
    return torch.tensor(values.astype(np.float32)).view(shape)


def parameters(priors):
    shapes = {}
    for m in range(VIEWS):
        for name in ("mu", "logvar"):
            shapes[f"encoders.{m}.{name}.weight"] = (LATENT, PIXELS)
            shapes[f"encoders.{m}.{name}.bias"] = (LATENT,)
        shapes[f"decoders.{m}.mean.weight"] = (PIXELS, LATENT)
        shapes[f"decoders.{m}.mean.bias"] = (PIXELS,)
        if priors:
            shapes[f"private_priors.{m}"] = (PRIVATE,)
    return {
        name: waves(shape, phase, 0.5).requires_grad_() for phase, (name, shape) in enumerate(sorted(shapes.items()))
    }


def standard(q):
    return Normal(torch.zeros_like(q.loc), torch.ones_like(q.scale))


def prior_kl(q):
    return kl_divergence(q, standard(q)).sum(-1)


class Model:
    def __init__(self, state, step, private):
        self.state, self.private = state, private
        self.images = waves((VIEWS, SAMPLES, PIXELS), 20 + step, 0.5) + 0.5
        self.noise = waves((VIEWS, SAMPLES, LATENT), 40 + step)
        self.joint_noise = waves((SAMPLES, LATENT - private), 60 + step)
        self.cross_noise = waves((VIEWS, VIEWS, SAMPLES, PRIVATE), 80 + step)
        whole = [self.encode(m) for m in range(VIEWS)]
        cut = LATENT - private
        self.shared = [Normal(q.loc[:, :cut], q.scale[:, :cut]) for q in whole]
        self.own = [Normal(q.loc[:, cut:], q.scale[:, cut:]) for q in whole]
        self.w = [q.loc + q.scale * self.noise[m, :, cut:] for m, q in enumerate(self.own)]

    def layer(self, name, x):
        return torch.nn.functional.linear(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def encode(self, m):
        x = self.images[m]
        return Normal(self.layer(f"encoders.{m}.mu", x), self.layer(f"encoders.{m}.logvar", x).mul(0.5).exp())

    def nll(self, m, *parts):
        mean = self.layer(f"decoders.{m}.mean", torch.cat(parts, -1))
        return -Normal(mean, SCALE).log_prob(self.images[m]).sum(-1)

    def product(self, prior):
        """Product of the present views' shared posteriors, optionally with N(0, I)."""
        precision = sum(PRESENT[m, :, None] / q.variance for m, q in enumerate(self.shared)) + prior
        mean = sum(PRESENT[m, :, None] * q.loc / q.variance for m, q in enumerate(self.shared)) / precision
        return Normal(mean, precision.rsqrt())

    def hellinger(self):
        """Moments of the squared sum of root densities, by pairs of present views."""
        mass, first, second = 0, 0, 0
        for i, a in enumerate(self.shared):
            for j, b in enumerate(self.shared):
                v, both = a.variance + b.variance, (PRESENT[i] * PRESENT[j])[:, None]
                logs = 0.5 * torch.log(2 * a.scale * b.scale / v) - (a.loc - b.loc) ** 2 / (4 * v)
                s = logs.sum(-1, keepdim=True).exp() * both
                mu = (a.loc * b.variance + b.loc * a.variance) / v
                mass, first = mass + s, first + s * mu
                second = second + s * (mu ** 2 + 2 * a.variance * b.variance / v)
        mean = first / mass
        return Normal(mean, (second / mass - mean ** 2).sqrt())


def here(values):
    """Sum over the present views."""
    return sum(PRESENT[m] * value for m, value in enumerate(values))


def counts():
    return PRESENT.sum(0)


def joint(model, q, noise):
    z = q.loc + q.scale * noise
    return here([model.nll(m, z, *([model.w[m]] if model.private else [])) for m in range(VIEWS)])


def helvae(model):
    q = model.hellinger()
    return joint(model, q, model.noise[0]), prior_kl(q)


def mvtcae(model):
    q = model.product(0)
    views = counts()
    conditional = here([kl_divergence(q, p).sum(-1) for p in model.shared])
    divergence = (1 - ALPHA) * prior_kl(q) + ALPHA / views * conditional
    return (views - ALPHA) / views * joint(model, q, model.noise[0]), divergence


def poe_private(model):
    q = model.product(0)
    divergence = counts() * prior_kl(q) + here([prior_kl(p) for p in model.own])
    return joint(model, q, model.noise[0, :, :SHARED]), divergence


def dmvae(model):
    q = model.product(1)
    own = here([prior_kl(p) for p in model.own])
    reconstruction, divergence = joint(model, q, model.joint_noise), prior_kl(q) + own
    for j, p in enumerate(model.shared):
        reconstruction = reconstruction + PRESENT[j] * joint(model, p, model.noise[j, :, :SHARED])
        divergence = divergence + PRESENT[j] * (prior_kl(p) + own)
    return reconstruction, divergence


def mmvae_plus(model):
    views = counts()
    reconstruction, divergence = 0, 0
    for m, q in enumerate(model.shared):
        z = q.loc + q.scale * model.noise[m, :, :SHARED]
        cross = [(0.5 * model.state[f"private_priors.{n}"]).exp() * model.cross_noise[m, n] for n in range(VIEWS)]
        losses = here([model.nll(n, z, model.w[n] if n == m else cross[n]) for n in range(VIEWS)])
        logs = torch.stack([p.log_prob(z).sum(-1) for p in model.shared]).masked_fill(PRESENT == 0, -math.inf)
        ratio = q.log_prob(z).sum(-1) - (torch.logsumexp(logs, 0) - views.log())
        reconstruction = reconstruction + PRESENT[m] / views * losses
        divergence = divergence + PRESENT[m] / views * (prior_kl(q) - ratio + prior_kl(model.own[m]))
    return reconstruction, divergence


CASES = {"helvae": (helvae, 0), "mvtcae": (mvtcae, 0), "poe": (poe_private, PRIVATE), "dmvae": (dmvae, PRIVATE),
         "mmvae-plus": (mmvae_plus, PRIVATE)}


def trajectory(objective, private, priors):
    state = parameters(priors)
    optimizer = torch.optim.Adam(state.values(), LEARNING_RATE, eps=EPSILON)
    steps = []
    for step in range(STEPS):
        reconstruction, divergence = (x.mean() for x in objective(Model(state, step, private)))
        loss = reconstruction + BETA * divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps.append({"loss": loss.item(), "kl": divergence.item()})
    sums = {name: [value.sum().item(), value.square().sum().item()] for name, value in state.items()}
    return {"privateDim": private, "steps": steps, "state": sums}


def main():
    torch.set_num_threads(1)
    cases = {name: trajectory(f, private, name == "mmvae-plus") for name, (f, private) in CASES.items()}
    settings = {"scale": SCALE, "beta": BETA, "alpha": ALPHA, "learningRate": LEARNING_RATE, "epsilon": EPSILON}
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "methods.json")
    with open(place, "w") as file:
        json.dump({"torch": torch.__version__, **settings, "cases": cases}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
