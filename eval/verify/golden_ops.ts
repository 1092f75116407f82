/**
 * Maps the ops of `ops.safetensors` to the engine's, which uses other layouts than the file's: images NCHW, conv
 * weights OIHW, transposed-conv weights IOHW.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import * as engine from "../../runtime/mod.ts";
import type { Tensor } from "../../runtime/mod.ts";
import type { GoldenOpCase, GoldenTensor } from "./golden_file.ts";

type Attributes = Record<string, unknown>;
type Build = (inputs: ReadonlyMap<string, Tensor>, attributes: Attributes) => Tensor[];

/** The permutation from the file's axes to the engine's layout, by the role of a tensor. */
function axesOf(golden: GoldenOpCase, role: string): readonly [number, number, number, number] | undefined {
  const image = role === "x" || role === "output";
  const images = ["conv2d", "conv_transpose2d", "batch_norm2d"].includes(golden.op);
  if (images && image) return [0, 2, 3, 1];
  if (role !== "w") return undefined;
  return golden.op === "conv2d" ? [2, 3, 1, 0] : golden.op === "conv_transpose2d" ? [2, 3, 0, 1] : undefined;
}

/** Converts a golden tensor to the engine's layout. */
export function fromFileLayout(golden: GoldenOpCase, role: string, tensor: GoldenTensor): GoldenTensor {
  const axes = axesOf(golden, role);
  if (!axes) return tensor;
  const shape = axes.map((axis) => tensor.shape[axis]!);
  const data = new Float32Array(tensor.data.length);
  permute(tensor.shape, axes, (file, own) => (data[own] = tensor.data[file]!));
  return { shape, data };
}

/** Converts values from the engine's layout to the file's. */
export function toFileLayout(golden: GoldenOpCase, role: string, tensor: GoldenTensor): Float32Array {
  const axes = axesOf(golden, role);
  if (!axes) return tensor.data;
  const data = new Float32Array(tensor.data.length);
  permute(tensor.shape, axes, (file, own) => (data[file] = tensor.data[own]!));
  return data;
}

function permute(shape: readonly number[], axes: readonly number[], visit: (file: number, own: number) => void): void {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = axes.map((axis) => shape[axis]!);
  const total = sizes.reduce((product, size) => product * size, 1);
  for (let own = 0; own < total; own++) {
    let rest = own;
    let file = 0;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      file += rest % sizes[axis]! * strides[axes[axis]!]!;
      rest = Math.floor(rest / sizes[axis]!);
    }
    visit(file, own);
  }
}

const unary = (op: (x: Tensor) => Tensor): Build => (inputs) => [op(inputs.get("x")!)];
const binary = (op: (a: Tensor, b: Tensor) => Tensor): Build => (inputs) => [op(inputs.get("a")!, inputs.get("b")!)];
const axesFrom = (attributes: Attributes) => (attributes.axis === null ? {} : { axes: attributes.axis as number });

const OPS: Record<string, Build> = {
  matmul: (inputs, { transposeA, transposeB }) => [
    engine.matmul(inputs.get("a")!, inputs.get("b")!, {
      transposeA: transposeA === true,
      transposeB: transposeB === true,
    }),
  ],
  conv2d: (inputs, { stride, padding, dilation }) => [
    engine.conv2d(inputs.get("x")!, inputs.get("w")!, {
      stride: stride as number,
      padding: padding as number,
      dilation: dilation as number,
      ...(inputs.has("b") ? { bias: inputs.get("b")! } : {}),
    }),
  ],
  conv_transpose2d: (inputs, { stride, padding, output_padding }) => [
    engine.convTranspose2d(inputs.get("x")!, inputs.get("w")!, {
      stride: stride as number,
      padding: padding as number,
      outputPadding: output_padding as number,
      ...(inputs.has("b") ? { bias: inputs.get("b")! } : {}),
    }),
  ],
  batch_norm2d: (inputs, { training, momentum, eps }) => [
    engine.batchNorm2d(inputs.get("x")!, {
      gamma: inputs.get("weight")!,
      beta: inputs.get("bias")!,
      runningMean: inputs.get("running_mean")!,
      runningVariance: inputs.get("running_var")!,
      training: training === true,
      momentum: momentum as number,
      epsilon: eps as number,
    }),
  ],
  relu: unary(engine.relu),
  sigmoid: unary(engine.sigmoid),
  exp: unary(engine.exp),
  log: unary(engine.log),
  softplus: unary(engine.softplus),
  log_softmax: (inputs, attributes) => [engine.logSoftmax(inputs.get("x")!, axesFrom(attributes))],
  sum: (inputs, attributes) => [engine.sum(inputs.get("x")!, axesFrom(attributes))],
  mean: (inputs, attributes) => [engine.mean(inputs.get("x")!, axesFrom(attributes))],
  add: binary(engine.add),
  mul: binary(engine.mul),
  div: binary(engine.div),
  binary_cross_entropy_with_logits: (inputs) => [engine.bceWithLogits(inputs.get("logits")!, inputs.get("target")!)],
  laplace_nll: (
    inputs,
    { scale },
  ) => [engine.laplaceNll(inputs.get("mean")!, inputs.get("x")!, { scale: scale as number })],
  gaussian_nll: (
    inputs,
    { scale },
  ) => [engine.gaussianNll(inputs.get("mean")!, inputs.get("x")!, { scale: scale as number })],
  reparameterize: (
    inputs,
  ) => [engine.reparameterize(inputs.get("mu")!, inputs.get("logvar")!, { eps: inputs.get("eps")! })],
  kl_standard_normal: (inputs) => [engine.klStandardNormal(inputs.get("mu")!, inputs.get("logvar")!)],
  kl_diagonal_normals: (inputs) => [
    engine.klDiagonalNormals(
      { mu: inputs.get("mu0")!, logvar: inputs.get("logvar0")! },
      { mu: inputs.get("mu1")!, logvar: inputs.get("logvar1")! },
    ),
  ],
  mmvm_kl: (inputs, { alpha }) => [
    engine.mmvmKl(inputs.get("mu")!, inputs.get("logvar")!, { alpha: engine.tensor([alpha as number]) }),
  ],
  aggregate: (inputs, { method }) => {
    const { mu, logvar } = engine.aggregate(inputs.get("mu")!, inputs.get("logvar")!, {
      method: method as engine.AggregateMethod,
    });
    return [mu, logvar];
  },
};

/**
 * Builds a case's op.
 *
 * @throws {DataError} for an unknown op.
 */
export function buildGoldenOp(golden: GoldenOpCase, inputs: ReadonlyMap<string, Tensor>): Tensor[] {
  const build = OPS[golden.op];
  if (!build) {
    throw new DataError(
      `case ${golden.id} needs op ${golden.op}, which is unknown; known are ` +
        `${Object.keys(OPS).join(", ")} and adam`,
    );
  }
  return build(inputs, golden.attrs);
}
