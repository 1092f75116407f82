/**
 * Matrix products by plain loops in float64.
 *
 * @module
 */
import type { MatmulOptions } from "../../runtime/kernels/matmul/matmul_options.ts";

/** y[z] = a[z] b[z]. */
export function matmulReference(
  options: MatmulOptions,
  data: { a: ArrayLike<number>; b: ArrayLike<number> },
): Float64Array {
  const { m, n, k, batches = 1 } = options;
  const y = new Float64Array(batches * m * n);
  for (let z = 0; z < batches; z++) {
    const aStart = z * m * k;
    const bStart = z * k * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let l = 0; l < k; l++) {
          const a = data.a[aStart + (options.transposeA ? l * m + i : i * k + l)]!;
          const b = data.b[bStart + (options.transposeB ? j * k + l : l * n + j)]!;
          sum += a * b;
        }
        y[(z * m + i) * n + j] = sum;
      }
    }
  }
  return y;
}
