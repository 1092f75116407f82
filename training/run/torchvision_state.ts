/**
 * Encoders from torchvision's state_dicts of DenseNet-121 and ResNet-50, as they are trained on ImageNet.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { Classifier, type ClassifierConfig, declareParameters, fileShape, type HostTensor } from "../../models/mod.ts";

/** Encoders that torchvision has, too. */
export type TorchvisionNetwork = "densenet121" | "resnet50";

/** A network's tensors, with the names of an encoder and for images of one channel with values in [0, 1]. */
export interface TorchvisionState {
  readonly network: TorchvisionNetwork;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** A tensor that only this network has, its first convolution, and the batch norm behind that. */
const NETWORKS: Readonly<Record<TorchvisionNetwork, { only: RegExp; conv: string; norm: string; head: string }>> = {
  densenet121: {
    only: /^features\.denseblock4\.denselayer16\.conv\.?1\.weight$/,
    conv: "features.conv0.weight",
    norm: "features.norm0.running_mean",
    head: "classifier.",
  },
  resnet50: {
    only: /^layer3\.5\.conv3\.weight$/,
    conv: "conv1.weight",
    norm: "bn1.running_mean",
    head: "fc.",
  },
};

/** Means and deviations of ImageNet's channels, by which torchvision's networks expect images to be normalised. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } as const;

/** Names in torchvision's own files of DenseNets: `norm.1` for `norm1`. */
const OLD_NAME = /^(.*\.denselayer\d+\.(?:norm|conv))\.([12]\..*)$/;

/**
 * The encoder in a state_dict of torchvision, without its head of ImageNet's classes; `undefined` for other tensors.
 *
 * A first convolution of three channels becomes one of a gray image: its channels are added up. ImageNet's
 * normalisation goes into its weights and into the running mean of the batch norm behind it, so that images in [0, 1]
 * give what torchvision computes of normalised ones; but for the margin, where torchvision pads with gray, and this
 * with black. One of one channel (other people's networks for radiographs) stays as it is.
 */
export function torchvisionState(tensors: ReadonlyMap<string, HostTensor>): TorchvisionState | undefined {
  const names = [...tensors.keys()];
  const found = Object.entries(NETWORKS).find(([, { only }]) => names.some((name) => only.test(name)));
  if (found === undefined) return undefined;
  const [network, { conv, norm, head }] = found;
  const kept = new Map(
    [...tensors].filter(([name]) => !name.startsWith(head)).map(([name, tensor]) =>
      [name.replace(OLD_NAME, "$1$2"), tensor] as const
    ),
  );
  const [first, mean] = [kept.get(conv), kept.get(norm)];
  if (first?.shape[1] === 3 && mean) {
    const { weight, shift } = grayConvolution(first);
    kept.set(conv, weight);
    kept.set(norm, { shape: mean.shape, data: mean.data.map((value, o) => value - shift[o]!) });
  }
  return { network: network as TorchvisionNetwork, tensors: kept };
}

/** A convolution of gray images in [0, 1] for one [O, 3, H, W] of normalised ones, and what it lacks of each output. */
function grayConvolution({ shape, data }: HostTensor): { weight: HostTensor; shift: Float64Array } {
  const [outputs, channels, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const weight = new Float32Array(outputs * area);
  const shift = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++) {
    for (let at = 0; at < area; at++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        const value = data[(o * channels + c) * area + at]! / IMAGENET.deviation[c]!;
        sum += value;
        shift[o]! -= value * IMAGENET.mean[c]!;
      }
      weight[o * area + at] = sum;
    }
  }
  return { weight: { shape: [outputs, 1, height, width], data: weight }, shift };
}

/**
 * The state of a classifier whose encoders, one for each view, all have these tensors; its heads are zeros.
 *
 * @throws {DataError} naming the tensors that are missing, unknown or of another shape.
 */
export function pretrainedClassifier(
  { network, tensors }: TorchvisionState,
  { config, file }: { config: ClassifierConfig; file: string },
): Map<string, HostTensor> {
  const classifier = new Classifier(config);
  const wrong = new Set<string>();
  const used = new Set<string>();
  const state = declareParameters((scope) => classifier.declare(scope)).map((spec): [string, HostTensor] => {
    const shape = fileShape(spec);
    const [, name] = /^encoders\.\d+\.(.*)$/.exec(spec.name) ?? [];
    if (name === undefined) {
      return [spec.name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }];
    }
    used.add(name);
    const own = tensors.get(name);
    if (own === undefined) wrong.add(`${name} is missing`);
    else if (own.shape.join() !== shape.join()) {
      wrong.add(`${name} has shape [${own.shape.join(", ")}], but [${shape.join(", ")}] is needed`);
    } else if (!own.data.every(Number.isFinite)) wrong.add(`${name} has a value that is not finite`);
    return [spec.name, own ?? { shape, data: new Float32Array(0) }];
  });
  for (const name of tensors.keys()) if (!used.has(name)) wrong.add(`${name} is unknown`);
  if (wrong.size === 0) return new Map(state);
  const shown = [...wrong].slice(0, 5).join("; ");
  const more = wrong.size > 5 ? `; and ${wrong.size - 5} more` : "";
  throw new DataError(`the tensors are not those of torchvision's ${network}: ${shown}${more}`, { file });
}
