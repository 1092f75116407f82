/**
 * ResNet-50 as an encoder.
 *
 *     conv 7x7 s2 -> 64, BN, ReLU, max pool 3x3 s2, stages of 3, 4, 6 and 3 bottlenecks with 256, 512, 1024 and 2048
 *     channels (all but the first halve the image), global average pool -> 2048
 *
 * A bottleneck is conv 1x1 -> w, BN, ReLU, conv 3x3 -> w, BN, ReLU, conv 1x1 -> 4 w, BN, plus the input or, where the
 * shape changes, conv 1x1 and BN of it, and a ReLU. The stride is that of the convolution 3x3 ("version 1.5"). The
 * tensors' names, shapes and initial distributions are those of torchvision's resnet50, but for the first convolution,
 * which has as many input channels as the images: one. Widths do not depend on `filterDim`.
 *
 * K. He, X. Zhang, S. Ren, J. Sun: Deep residual learning for image recognition (CVPR 2016).
 *
 * @module
 */
import { add, maxPool2d, mean, relu, type Tensor } from "../../runtime/mod.ts";
import { kaimingNormalFanOut } from "../layers/initializers.ts";
import { batchNorm, conv, dropout2d } from "../layers/layers.ts";
import type { Scope } from "../layers/scope.ts";
import { type EncoderOptions, withResidualDecoder } from "./with_residual_decoder.ts";
import type { Network } from "./network.ts";

/** Sizes of a ResNet of bottlenecks. */
export interface ResNetShape {
  /** Bottlenecks of each stage. */
  readonly stages: readonly number[];
  /** Channels of the first convolution, and inner ones of the first stage; they double with each stage. */
  readonly width: number;
}

/** The sizes of ResNet-50. */
export const RESNET_50: ResNetShape = { stages: [3, 4, 6, 3], width: 64 };

/** Output channels of a bottleneck in units of its inner ones. */
const EXPANSION = 4;

/** Number of features of a ResNet. */
export function resNetFeatures({ stages, width }: ResNetShape): number {
  return EXPANSION * width * 2 ** (stages.length - 1);
}

/** ResNet-50 with the decoder of the residual network; see {@linkcode withResidualDecoder}. */
export function resNet50(options: EncoderOptions): Network {
  return withResidualDecoder("resnet50", {
    ...options,
    features: resNetFeatures(RESNET_50),
    lastBlock: ["layer4"],
    extract: (scope, image) => resNet(scope, image, { ...RESNET_50, dropout: options.dropout }),
  });
}

/**
 * The features of a ResNet of bottlenecks.
 *
 * @param image [N, S, S, C].
 * @param options.dropout Rate of dropout2d on what a bottleneck adds, 0 by default.
 * @returns [N, {@linkcode resNetFeatures}]
 */
export function resNet(scope: Scope, image: Tensor, options: ResNetShape & { dropout?: number }): Tensor {
  const { stages, width, dropout = 0 } = options;
  const stem = convolve(scope.child("conv1"), image, { channels: width, kernel: 7, stride: 2, padding: 3 });
  let x = maxPool2d(batchNorm(scope.child("bn1"), stem, { relu: true }), { kernel: 3, stride: 2, padding: 1 });
  stages.forEach((blocks, i) => {
    const stage = scope.child(`layer${i + 1}`);
    for (let block = 0; block < blocks; block++) {
      const stride = i > 0 && block === 0 ? 2 : 1;
      x = bottleneck(stage.child(`${block}`), x, { width: width * 2 ** i, stride, dropout });
    }
  });
  return mean(x, { axes: [1, 2] });
}

function bottleneck(scope: Scope, x: Tensor, options: { width: number; stride: number; dropout: number }): Tensor {
  const { width, stride, dropout: rate } = options;
  const channels = EXPANSION * width;
  let y = convolve(scope.child("conv1"), x, { channels: width, kernel: 1 });
  y = batchNorm(scope.child("bn1"), y, { relu: true });
  y = convolve(scope.child("conv2"), y, { channels: width, kernel: 3, stride, padding: 1 });
  y = batchNorm(scope.child("bn2"), y, { relu: true });
  y = batchNorm(scope.child("bn3"), convolve(scope.child("conv3"), y, { channels, kernel: 1 }));
  y = dropout2d(scope, y, { rate });
  if (stride === 1 && x.shape.at(-1) === channels) return relu(add(y, x));
  const short = convolve(scope.child("downsample.0"), x, { channels, kernel: 1, stride });
  return relu(add(y, batchNorm(scope.child("downsample.1"), short)));
}

function convolve(
  scope: Scope,
  x: Tensor,
  options: { channels: number; kernel: number; stride?: number; padding?: number },
): Tensor {
  return conv(scope, x, { ...options, initializer: kaimingNormalFanOut });
}
