/**
 * The matrix products and convolutions timed by the kernel benchmark.
 *
 * @module
 */
import type { Lowering, Target } from "../runtime/kernels/kernel.ts";
import { convForward, convTransposed } from "../runtime/kernels/conv/conv.ts";
import { convFlops, type ConvGeometry } from "../runtime/kernels/conv/conv_geometry.ts";
import { convWeightGradient } from "../runtime/kernels/conv/conv_weight.ts";
import { matmul } from "../runtime/kernels/matmul/matmul.ts";
import type { MatmulOptions } from "../runtime/kernels/matmul/matmul_options.ts";
import type { LoweringSizes } from "../runtime/tuner/time_lowering.ts";

/** A unit of work to time. */
export interface Work {
  readonly kernel: string;
  readonly shape: string;
  readonly flops: number;
  readonly sizes: LoweringSizes;
  /** How often it occurs in one view's training step of the paper's network; 0 if it does not. */
  readonly count: number;
  lower(target: Target): Lowering;
}

const MATMULS: readonly MatmulOptions[] = [
  { m: 1024, n: 1024, k: 1024 },
  { m: 1024, n: 1024, k: 1024, transposeA: true },
  { m: 1024, n: 1024, k: 1024, transposeB: true },
  { m: 32, n: 256, k: 320 },
  { m: 32, n: 320, k: 256, transposeB: true },
  { m: 320, n: 256, k: 32, transposeA: true },
];

/** A large matrix product, and those of a linear layer with a batch of 32. */
export function matmulWork(): Work[] {
  return MATMULS.map((options) => {
    const { m, n, k, transposeA, transposeB } = options;
    return {
      kernel: "matmul",
      shape: `${m}x${k}${transposeA ? "^T" : ""}*${k}x${n}${transposeB ? "^T" : ""}`,
      flops: 2 * m * n * k,
      sizes: { inputs: [m * k, k * n], outputs: [m * n] },
      count: 0,
      lower: (target) => matmul(options, target),
    };
  });
}

interface Layer {
  readonly transposed: boolean;
  readonly image: number;
  readonly channels: readonly [number, number];
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding?: number;
  readonly count: number;
}

/** The paper's network for 64 px, as described in tests/golden/FORMAT.md. */
function paperLayers(filter: number): Layer[] {
  const widths = [1, 2, 3, 4, 5].map((factor) => factor * filter) as [number, number, number, number, number];
  const layers: Layer[] = [
    { transposed: false, image: 64, channels: [1, filter], kernel: 3, stride: 2, padding: 1, count: 1 },
    {
      transposed: true,
      image: 32,
      channels: [filter, 1],
      kernel: 3,
      stride: 2,
      padding: 1,
      outputPadding: 1,
      count: 1,
    },
  ];
  for (let block = 0; block < 4; block++) {
    const [inner, outer] = [widths[block]!, widths[block + 1]!];
    const image = 32 >> block;
    const last = block === 3;
    const [stride, padding] = last ? [2, 0] : [2, 1];
    layers.push(
      { transposed: false, image, channels: [inner, inner], kernel: 1, stride: 1, padding: 0, count: 1 },
      { transposed: false, image, channels: [inner, outer], kernel: 4, stride, padding, count: 2 },
      {
        transposed: true,
        image: last ? 1 : image / 2,
        channels: [outer, outer],
        kernel: 1,
        stride: 1,
        padding: 0,
        count: 1,
      },
      {
        transposed: true,
        image: last ? 1 : image / 2,
        channels: [outer, inner],
        kernel: 4,
        stride: last ? 1 : stride,
        padding,
        count: 2,
      },
    );
  }
  return layers;
}

/** Forward, input gradient and weight gradient of every layer of the paper's network. */
export function paperWork(options: { filter: number; batch: number }): Work[] {
  return paperLayers(options.filter).flatMap((layer) => layerWork(layer, options.batch));
}

function layerWork(layer: Layer, n: number): Work[] {
  const { transposed, image, channels: [cin, cout], kernel, stride, padding, count } = layer;
  const out = transposed
    ? (image - 1) * stride - 2 * padding + kernel + (layer.outputPadding ?? 0)
    : Math.floor((image + 2 * padding - kernel) / stride) + 1;
  const walk = {
    n,
    kh: kernel,
    kw: kernel,
    stride: [stride, stride],
    padding: [padding, padding],
    dilation: [1, 1],
  } as const;
  const there: ConvGeometry = { ...walk, h: image, w: image, cin, outH: out, outW: out, cout };
  const roles = { h: out, w: out, cin: cout, outH: image, outW: image, cout: cin };
  const back: ConvGeometry = { ...walk, ...roles, swapped: true };
  const [x, y, weights] = [n * image * image * cin, n * out * out * cout, kernel * kernel * cin * cout];
  const shape = `${
    transposed ? "transposed" : "conv"
  }-${kernel}x${kernel}s${stride}-${n}x${image}x${image}x${cin}-${cout}`;
  const common = { shape, flops: convFlops(there, transposed), count };
  const [forward, backward] = transposed ? [convTransposed, convForward] : [convForward, convTransposed];
  const work: Work[] = [
    {
      ...common,
      kernel: "conv_forward",
      sizes: { inputs: [x, weights], outputs: [y] },
      lower: (target) => forward(there, target),
    },
    {
      ...common,
      kernel: "conv_weight_gradient",
      sizes: { inputs: transposed ? [y, x] : [x, y], outputs: [weights] },
      lower: (target) => convWeightGradient(transposed ? back : there, target),
    },
  ];
  // The gradient of the images is not needed.
  if (cin > 1) {
    work.push({
      ...common,
      kernel: "conv_input_gradient",
      sizes: { inputs: [y, weights], outputs: [x] },
      lower: (target) => backward(back, target),
    });
  }
  return work;
}
