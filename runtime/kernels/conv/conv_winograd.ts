/**
 * Winograd's convolution F(4 x 4, 2 x 2) for kernels of twice the stride, such as 4 x 4 with stride 2.
 *
 * Such a convolution is a sum over the phases of its input of 2 x 2 convolutions with stride 1, and a transposed one
 * makes each phase of its output by one. Each is computed from 5 x 5 patches at 25 transform points, as 25 matrix
 * products: 25 multiplications for 16 outputs instead of 64. The points 0, 1, -1, 2 and infinity keep the relative
 * error in float32 at 2 to 4 millionths.
 *
 * See Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).
 *
 * @module
 */
import { type Binding, type Dispatch, type Lowering, rebound, type Target } from "../kernel.ts";
import { convFlops, type ConvGeometry, type ConvOptions, type Pair } from "./conv_geometry.ts";
import { fitTexels } from "../texels.ts";
import type { Epilogue } from "../pointwise/expression.ts";
import { MAX_SCRATCH_BYTES, planWinograd, POINTS, spaced, TILE } from "./conv_winograd_plan.ts";
import { type Matrix, transform, type TransformSide } from "./conv_winograd_transform.ts";
import { matmul } from "../matmul/matmul.ts";
import type { MatmulOptions } from "../matmul/matmul_options.ts";

// A tile of a convolution is AT [(G g) * (BT d)], with the Lagrange polynomials of the points 0, 1, -1, 2 and infinity.
const BT: Matrix = [[2, -1, -2, 1, 0], [0, -2, -1, 1, 0], [0, 2, -3, 1, 0], [0, -1, 0, 1, 0], [0, 2, -1, -2, 1]];
const G: Matrix = [[1 / 2, 0], [-1 / 2, -1 / 2], [-1 / 6, 1 / 6], [1 / 6, 1 / 3], [0, 1]];
const AT: Matrix = [[1, 1, 1, 1, 0], [0, 1, -1, 2, 0], [0, 1, 1, 4, 0], [0, 1, -1, 8, 1]];

/** Forward or transposed convolution; inputs, output and meaning as in `convForward` and `convTransposed`. */
export function winogradConv(
  options: ConvOptions,
  how: { transposed: boolean; target: Target; epilogue?: Epilogue | undefined },
): Lowering {
  const { transposed, target, epilogue } = how;
  const plan = planWinograd(options, how);
  const { n, cin, cout, bias, swapped = false } = options;
  const { phases, tiles, batches, depth, chunk } = plan;
  const texels = readsTexels(options, target);
  const steps = new Steps();
  const noBias = steps.scratch(4);
  const weights = steps.scratch(batches * spaced(depth * cout));
  const patches = steps.scratch(batches * spaced(chunk * tiles[0] * tiles[1] * depth));
  const products = steps.scratch(batches * spaced(chunk * tiles[0] * tiles[1] * cout));
  const whole: Pair = [1, 1];
  steps.add(transform({
    texels,
    name: "weights",
    matrix: G,
    input: weightSide(options, transposed),
    // Swapped weights become the transposed operand of the products.
    output: pointSide({
      rows: swapped ? cout : depth,
      columns: swapped ? depth : cout,
      images: 1,
      tiles: whole,
      parts: transposed ? "batch" : swapped ? cin : cin * cout,
      phases,
    }),
    parts: phases,
    tiles: whole,
    images: swapped ? cout : cin,
    channels: swapped ? cin : cout,
    bindings: { source: { input: 1 }, bias: noBias, result: weights },
  }));
  for (let start = 0; start < n; start += chunk) {
    const images = Math.min(chunk, n - start);
    const rows = images * tiles[0] * tiles[1];
    const layout = { rows, images: tiles[0] * tiles[1], tiles, phases };
    steps.add(transform({
      texels,
      name: "patches",
      matrix: BT,
      input: transposed ? phasePatches(options, start) : stridedPatches(options, start),
      output: pointSide({ ...layout, columns: depth, parts: transposed ? "batch" : cin }),
      parts: phases,
      tiles,
      images,
      channels: cin,
      bindings: { source: { input: 0 }, bias: noBias, result: patches },
    }));
    steps.product({ m: rows, n: cout, k: depth, batches, transposeB: swapped }, {
      target,
      a: patches,
      b: weights,
      y: products,
      flops: (convFlops(options, transposed) * images) / n,
    });
    steps.add(transform({
      texels,
      name: "outputs",
      matrix: AT,
      input: pointSide({ ...layout, columns: cout, parts: "batch" }),
      output: outputSide(options, { transposed, start }),
      parts: transposed ? phases : whole,
      tiles,
      images,
      channels: cout,
      bindings: { source: products, bias: bias ? { input: 2 } : noBias, result: { output: 0 } },
      hasBias: bias ?? false,
      epilogue: epilogue && { chain: epilogue, inputs: bias ? 3 : 2 },
      firstImage: start,
    }));
  }
  return steps.lowering();
}

/** Gradient for a convolution's weights; inputs, output and meaning as in `convWeightGradient`. */
export function winogradWeightGradient(options: ConvGeometry, target: Target): Lowering {
  const { n, cin, cout, swapped = false } = options;
  const { phases, tiles, batches, depth, chunk } = planWinograd(options, { transposed: false, target });
  const texels = readsTexels(options, target);
  const steps = new Steps();
  const noBias = steps.scratch(4);
  const patches = steps.scratch(batches * spaced(chunk * tiles[0] * tiles[1] * depth));
  const gradients = steps.scratch(batches * spaced(chunk * tiles[0] * tiles[1] * cout));
  const products = steps.scratch(batches * spaced(depth * cout));
  const whole: Pair = [1, 1];
  for (let start = 0; start < n; start += chunk) {
    const images = Math.min(chunk, n - start);
    const rows = images * tiles[0] * tiles[1];
    const layout = { rows, images: tiles[0] * tiles[1], tiles, phases };
    steps.add(transform({
      texels,
      name: "patches",
      matrix: BT,
      input: stridedPatches(options, start),
      output: pointSide({ ...layout, columns: depth, parts: cin }),
      parts: phases,
      tiles,
      images,
      channels: cin,
      bindings: { source: { input: 0 }, bias: noBias, result: patches },
    }));
    steps.add(transform({
      texels,
      name: "gradients",
      matrix: transpose(AT),
      input: outputSide(options, { transposed: false, start }),
      output: pointSide({ ...layout, columns: cout, parts: "batch" }),
      parts: whole,
      tiles,
      images,
      channels: cout,
      bindings: { source: { input: 1 }, bias: noBias, result: gradients },
    }));
    // The swapped gradient is the transposed product.
    const [m, columns] = swapped ? [cout, depth] : [depth, cout];
    steps.product({ m, n: columns, k: rows, batches, transposeA: true }, {
      target,
      a: swapped ? gradients : patches,
      b: swapped ? patches : gradients,
      y: products,
      flops: (convFlops(options, false) * images) / n,
    });
    steps.add(transform({
      texels,
      name: "weight-gradient",
      matrix: transpose(G),
      input: pointSide({
        rows: m,
        columns,
        images: 1,
        tiles: whole,
        parts: swapped ? cin : cin * cout,
        phases,
      }),
      output: weightSide(options, false),
      parts: phases,
      tiles: whole,
      images: swapped ? cout : cin,
      channels: swapped ? cin : cout,
      bindings: { source: products, bias: noBias, result: { output: 0 } },
      accumulate: start > 0,
    }));
  }
  return steps.lowering();
}

/** Whether the transforms read what they transform as texels: the images, the weights, the products. */
function readsTexels(options: ConvGeometry, target: Target): boolean {
  if (target.profile === "gpu") return false;
  const { n, h, w, cin, kh, kw, cout, outH, outW } = options;
  const sizes = [n * h * w * cin, kh * kw * cin * cout, n * outH * outW * cout, MAX_SCRATCH_BYTES / 4];
  return sizes.every((elements) => fitTexels([elements], target.maxTexels));
}

function range(count: number, value: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => value(i));
}

const IMAGE = { tileStepY: 0, tileStepX: 0, tileY: 0, tileX: 0, partY: 0, partX: 0, start: 0 };

/**
 * Patches of each phase of the input of a convolution: tap k = stride t + phase meets row stride (o + t) + phase -
 * padding.
 */
function stridedPatches(g: ConvGeometry, start: number): TransformSide {
  const { h, w, cin, stride, padding } = g;
  return {
    ...IMAGE,
    startsY: range(stride[0], (phase) => phase - padding[0]),
    startsX: range(stride[1], (phase) => phase - padding[1]),
    height: h,
    width: w,
    tileStepY: TILE * stride[0],
    tileStepX: TILE * stride[1],
    stepY: stride[0],
    stepX: stride[1],
    image: h * w * cin,
    row: w * cin,
    column: cin,
    start: start * h * w * cin,
  };
}

/**
 * Patches of the input of a transposed convolution for each phase of its output: output stride o + phase takes tap
 * (phase + padding) mod stride + stride t from row o + floor((phase + padding) / stride) - t, for t = 1, 0.
 */
function phasePatches(g: ConvGeometry, start: number): TransformSide {
  const { h, w, cin, stride, padding } = g;
  const starts = (axis: 0 | 1) =>
    range(stride[axis], (phase) => Math.floor((phase + padding[axis]) / stride[axis]) - 1);
  return {
    ...stridedPatches(g, start),
    startsY: starts(0),
    startsX: starts(1),
    tileStepY: TILE,
    tileStepX: TILE,
    stepY: 1,
    stepX: 1,
    image: h * w * cin,
  };
}

function weightSide(g: ConvGeometry, transposed: boolean): TransformSide {
  const { kh, kw, cin, cout, stride, padding, swapped = false } = g;
  const starts = (axis: 0 | 1) =>
    range(stride[axis], (phase) => transposed ? (phase + padding[axis]) % stride[axis] + stride[axis] : phase);
  const direction = transposed ? -1 : 1;
  return {
    ...IMAGE,
    startsY: starts(0),
    startsX: starts(1),
    height: kh,
    width: kw,
    stepY: direction * stride[0],
    stepX: direction * stride[1],
    image: swapped ? cin : cout,
    row: kw * cin * cout,
    column: cin * cout,
  };
}

function outputSide(g: ConvGeometry, how: { transposed: boolean; start: number }): TransformSide {
  const { outH, outW, cout } = g;
  const step: Pair = how.transposed ? g.stride : [1, 1];
  return {
    ...IMAGE,
    startsY: range(step[0], (phase) => phase),
    startsX: range(step[1], (phase) => phase),
    height: outH,
    width: outW,
    tileStepY: TILE * step[0],
    tileStepX: TILE * step[1],
    stepY: step[0],
    stepX: step[1],
    image: outH * outW * cout,
    row: outW * cout,
    column: cout,
    start: how.start * outH * outW * cout,
  };
}

/**
 * The operands and results of the matrix products: [points, points, rows, columns], where a row is a tile of an image
 * (or an input channel of the weights). Parts lie side by side at a distance in each row, or are batches of their own,
 * all points of a part together.
 */
function pointSide(layout: {
  rows: number;
  columns: number;
  /** Rows of an image. */
  images: number;
  tiles: Pair;
  parts: number | "batch";
  phases: Pair;
}): TransformSide {
  const { rows, columns, images, tiles, parts, phases } = layout;
  const point = spaced(rows * columns);
  const partX = parts === "batch" ? POINTS ** 2 * point : parts;
  return {
    ...IMAGE,
    startsY: range(phases[0], () => 0),
    startsX: range(phases[1], () => 0),
    height: POINTS,
    width: POINTS,
    stepY: 1,
    stepX: 1,
    image: images * columns,
    tileY: tiles[1] * columns,
    tileX: columns,
    row: POINTS * point,
    column: point,
    partY: phases[1] * partX,
    partX,
  };
}

function transpose(matrix: Matrix): Matrix {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}

/** Collects dispatches and scratch buffers. */
class Steps {
  readonly #dispatches: Dispatch[] = [];
  readonly #scratch: number[] = [];

  scratch(elements: number): Binding {
    return { scratch: this.#scratch.push(elements) - 1 };
  }

  add(dispatch: Dispatch): void {
    this.#dispatches.push(dispatch);
  }

  /**
   * Adds a matrix product of scratch buffers; its multiplications count as those of the convolution that it stands for.
   */
  product(
    options: MatmulOptions,
    how: { target: Target; a: Binding; b: Binding; y: Binding; flops: number },
  ): void {
    const { m, n, k } = options;
    const distances = { a: spaced(m * k), b: spaced(k * n), y: spaced(m * n) };
    const { dispatches, scratch = [] } = matmul({ ...options, distances }, how.target);
    const own = scratch.map((elements) => this.scratch(elements));
    const rebind = (binding: Binding): Binding => ({
      ...("input" in binding ? [how.a, how.b][binding.input]! : "output" in binding ? how.y : own[binding.scratch]!),
      ...(binding.count === undefined ? {} : { count: binding.count }),
    });
    dispatches.forEach((dispatch, i) =>
      this.add({ ...rebound(dispatch, rebind), ...(i === 0 && { flops: how.flops }) })
    );
  }

  lowering(): Lowering {
    return { scratch: this.#scratch, dispatches: this.#dispatches };
  }
}
