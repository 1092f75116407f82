/**
 * Sizes of subgroups to test kernels with.
 *
 * @module
 */
import type { Target } from "../../runtime/kernels/kernel.ts";

/** Sizes that kernels may take a device's smallest subgroup for: its own and smaller ones; none without subgroups. */
export function subgroupSizes({ subgroups = 1 }: Target): number[] {
  const sizes: number[] = [];
  for (let size = subgroups; size > 1; size /= 2) sizes.push(size);
  return sizes;
}
