/**
 * Matrix products.
 *
 * @module
 */
import { matmul as lowerMatmul } from "../kernels/matmul/matmul.ts";
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, sameShape, type Shape, sizeOf } from "../graph/shape.ts";
import { reshape } from "./view.ts";

/** Which operands are transposed in memory. */
export interface MatmulAttributes {
  /** Transpose the last two axes of the first operand. */
  readonly transposeA: boolean;
  /** Transpose the last two axes of the second operand. */
  readonly transposeB: boolean;
}

/**
 * Matrix product y = a b over the last two axes: a [..., M, K], b [..., K, N] -> [..., M, N]. Leading axes are
 * batches and must be equal; a matrix b [K, N] serves all batches of an a that is not transposed.
 *
 * @param options.transposeA a is [..., K, M].
 * @param options.transposeB b is [..., N, K].
 * @example
 * ```ts
 * import { tensor } from "../graph/leaf.ts";
 * import { matmul } from "./matmul.ts";
 *
 * const a = tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] });
 * matmul(a, a, { transposeB: true }).shape; // [2, 2]
 * ```
 * @throws {TypeError | RangeError} naming the shapes that do not fit.
 */
export function matmul(a: Tensor, b: Tensor, options: Partial<MatmulAttributes> = {}): Tensor {
  const { transposeA = false, transposeB = false } = options;
  if (b.rank === 2 && a.rank > 2 && !transposeA) {
    const y = matmul(reshape(a, [-1, a.shape.at(-1)!]), b, { transposeB });
    return reshape(y, [...a.shape.slice(0, -1), y.shape[1]!]);
  }
  return apply(matmulOp, [a, b], { transposeA, transposeB })[0]!;
}

const matmulOp: Op<MatmulAttributes> = defineOp({
  name: "matmul",
  infer(inputs, attributes) {
    requireFloat("matmul", inputs);
    const [a, b] = inputs.map(({ shape }) => shape);
    const { m, n, depth, batch } = sizes(a!, b!, attributes);
    if (depth[0] !== depth[1]) {
      throw new RangeError(
        `matmul() sums over ${depth[0]} elements of ${describe("a", a!, attributes.transposeA)}, but over ${
          depth[1]
        } of ${describe("b", b!, attributes.transposeB)}: these must be equal`,
      );
    }
    return [{ shape: [...batch, m, n], dtype: "f32" }];
  },
  lower({ inputs: [a, b], attributes, target }) {
    const { m, n, depth, batch } = sizes(a!.shape, b!.shape, attributes);
    return lowerMatmul({ ...attributes, m, n, k: depth[0], batches: sizeOf(batch) }, target);
  },
  vjp({ inputs: [a, b], cotangents: [g], attributes, wanted }) {
    if (!g) return [];
    const { transposeA, transposeB } = attributes;
    const product = (p: Tensor, q: Tensor, transposed: MatmulAttributes) => apply(matmulOp, [p, q], transposed)[0]!;
    return [
      !wanted[0]
        ? undefined
        : transposeA
        ? product(b!, g, { transposeA: transposeB, transposeB: true })
        : product(g, b!, { transposeA: false, transposeB: !transposeB }),
      !wanted[1]
        ? undefined
        : transposeB
        ? product(g, a!, { transposeA: true, transposeB: transposeA })
        : product(a!, g, { transposeA: !transposeA, transposeB: false }),
    ];
  },
});

function sizes(a: Shape, b: Shape, { transposeA, transposeB }: MatmulAttributes) {
  const batch = a.slice(0, -2);
  if (a.length < 2 || b.length < 2 || !sameShape(batch, b.slice(0, -2))) {
    throw new RangeError(
      `matmul() needs matrices with equal leading axes, got shapes ${formatShape(a)} and ${formatShape(b)}`,
    );
  }
  const [aRows, aColumns, bRows, bColumns] = [a.at(-2)!, a.at(-1)!, b.at(-2)!, b.at(-1)!];
  return {
    batch,
    m: transposeA ? aColumns : aRows,
    n: transposeB ? bRows : bColumns,
    depth: [transposeA ? aRows : aColumns, transposeB ? bColumns : bRows] as const,
  };
}

function describe(name: string, shape: Shape, transposed: boolean): string {
  return `${name} ${formatShape(shape)}${transposed ? " (transposed)" : ""}`;
}
