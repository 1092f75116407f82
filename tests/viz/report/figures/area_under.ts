/** @module The area under a curve, against which the report's curves are checked. */
import type { Point } from "../../../../viz/report/figures/curves.ts";

/**
 * The area under a ROC curve by the trapezoidal rule, which equals the probability that a positive case scores higher.
 */
export function areaUnder(roc: readonly Point[]): number {
  let area = 0;
  for (let k = 1; k < roc.length; k++) {
    const [x0, y0] = roc[k - 1]!;
    const [x1, y1] = roc[k]!;
    area += (x1 - x0) * (y0 + y1) / 2;
  }
  return area;
}
