/**
 * Python source that builds a run's networks in PyTorch and loads their state_dict.
 *
 * The modules have the names of the authors' implementation, so that `load_state_dict()` takes the file as it is.
 *
 * @module
 */

/** What the source depends on. */
export interface PytorchModel {
  /** `residual` or `small`. */
  readonly network: string;
  /** Side of the square images in pixels. */
  readonly imageSize: number;
  /** Filters of the first layer. */
  readonly filterDim: number;
  /** Latent dimensions, private ones included. */
  readonly latentDim: number;
  /** How many of the last latent dimensions are private to their view; 0 if omitted. */
  readonly privateDim?: number;
  /** Whether the state_dict has log variances of auxiliary priors of the private latents; not if omitted. */
  readonly privatePriors?: boolean;
  /** Rate of dropout2d. */
  readonly dropout: number;
  /** Names of the views in the order of their encoders. */
  readonly views: readonly string[];
}

/** Names of the networks that {@linkcode pytorchSource} knows. */
export const PYTORCH_NETWORKS: readonly string[] = ["residual", "small"];

/**
 * The source of a file beside `weights`.
 *
 * @param options.weights Name of the safetensors file.
 */
export function pytorchSource(model: PytorchModel, options: { weights: string }): string {
  const { network, imageSize, filterDim, latentDim, dropout, views, privateDim = 0, privatePriors = false } = model;
  return `"""A multimodal VAE trained by mmvm. Images are N x 1 x ${imageSize} x ${imageSize} with values in [0, 1].

    mu, logvar = load().encoders[0](images); image = load().decoders[0](mu)
${privateDim > 0 ? privateNote({ latentDim, privateDim }) : ""}"""
import json
from pathlib import Path
import torch
from torch import nn

SIZE, F, D, DROPOUT = ${imageSize}, ${filterDim}, ${latentDim}, ${dropout}
VIEWS = ${JSON.stringify(views)}  # in the order of the encoders

${network === "small" ? SMALL : RESIDUAL}
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleList(Encoder() for _ in VIEWS)
        self.decoders = nn.ModuleList(Decoder() for _ in VIEWS)
${
    privatePriors
      ? `        # Log variances of the auxiliary priors of the private latents, which only training uses.
        self.private_priors = nn.ParameterList(nn.Parameter(torch.zeros(${privateDim})) for _ in VIEWS)
`
      : ""
  }
def load(path=Path(__file__).with_name("${options.weights}")):
    raw = Path(path).read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = {k: v for k, v in json.loads(raw[8:start]).items() if k != "__metadata__"}
    part = lambda b, e: torch.frombuffer(bytearray(raw[start + b:start + e]), dtype=torch.float32)
    model = VAE()
    model.load_state_dict({k: part(*v["data_offsets"]).reshape(v["shape"]) for k, v in header.items()})
    return model.eval()
`;
}

function privateNote({ latentDim, privateDim }: { latentDim: number; privateDim: number }): string {
  const shared = latentDim - privateDim;
  return `
The last ${privateDim} of the ${latentDim} latent dimensions are private to their view: to decode another view, keep the
first ${shared} and set the others to zeros, or draw them from N(0, I).
`;
}

const ENCODER_OUTPUT = `
    def forward(self, x):
        x = self.feature_extractor(x).flatten(1)
        return self.feature_compressor["content_mu"](x), self.feature_compressor["content_logvar"](x)
`;

/** As `models/networks/residual.ts`: widths in units of F, stride and padding of each block. */
const RESIDUAL = `DOWN = {64: [(2, 2, 1), (3, 2, 1), (4, 2, 1), (5, 2, 0)],
        128: [(2, 2, 1), (3, 2, 1), (4, 2, 1), (5, 2, 1), (5, 2, 0)],
        224: [(2, 2, 1), (3, 2, 1), (4, 2, 1), (5, 4, 1), (5, 2, 0)]}[SIZE]
UP = [(4, 1, 0), (3, 2, 1), (2, 2, 1), (1, 2, 1)] + [(1, 2, 1)] * {64: 0, 128: 1, 224: 2}[SIZE]

class Block(nn.Module):
    def __init__(self, conv, shortcut, inputs, outputs, stride, padding):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, inputs, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(inputs), conv(inputs, outputs, 4, stride, padding, bias=False)
        self.drop, self.shortcut = nn.Dropout2d(DROPOUT), shortcut
        self.add_module(shortcut, nn.Sequential(conv(inputs, outputs, 4, stride, padding), nn.BatchNorm2d(outputs)))
    def forward(self, x):
        y = self.drop(self.conv1(torch.relu(self.bn1(x))))
        return getattr(self, self.shortcut)(x) + self.drop(self.conv2(torch.relu(self.bn2(y))))

def blocks(shapes, inputs, *kind):
    widths = [inputs] + [width for width, _, _ in shapes]
    return [nn.Sequential(Block(*kind, F * i, F * w, s, p)) for i, (w, s, p) in zip(widths, shapes)]

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_extractor = nn.Sequential()
        self.feature_extractor.add_module("conv1", nn.Conv2d(1, F, 3, 2, 1, bias=False))
        for i, block in enumerate(blocks(DOWN, 1, nn.Conv2d, "downsample")):
            self.feature_extractor.add_module(f"resblock_{i + 1}", block)
        self.feature_compressor = nn.ModuleDict(
            {f"content_{name}": nn.Linear(5 * F, D, bias=False) for name in ("mu", "logvar")})
${ENCODER_OUTPUT.slice(1)}
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_generator = nn.Linear(D, 5 * F)
        last = nn.ConvTranspose2d(F, 1, 3, 2, 17 if SIZE == 224 else 1, output_padding=1)
        self.img_generator = nn.ModuleDict(
            {"generator": nn.Sequential(*blocks(UP, 5, nn.ConvTranspose2d, "upsample"), last)})
    def forward(self, z):
        return self.img_generator["generator"](self.feature_generator(z)[:, :, None, None])
`;

/** As `models/networks/small.ts`. */
const SMALL = `class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_extractor = nn.Sequential(
            nn.Conv2d(1, F, 4, 2, 1), nn.ReLU(), nn.Conv2d(F, 2 * F, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(2 * F * (SIZE // 4) ** 2, 128), nn.ReLU())
        self.feature_compressor = nn.ModuleDict(
            {f"content_{name}": nn.Linear(128, D) for name in ("mu", "logvar")})
${ENCODER_OUTPUT.slice(1)}
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature_generator = nn.Sequential(
            nn.Linear(D, 128), nn.ReLU(), nn.Linear(128, 2 * F * (SIZE // 4) ** 2), nn.ReLU())
        self.img_generator = nn.Sequential(
            nn.ConvTranspose2d(2 * F, F, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(F, 1, 4, 2, 1))
    def forward(self, z):
        return self.img_generator(self.feature_generator(z).reshape(len(z), 2 * F, SIZE // 4, SIZE // 4))
`;
