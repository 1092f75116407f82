/**
 * Reductions that use subgroups where the device grants them: what a workgroup's tree leaves for the invocations of the
 * smallest subgroup, each subgroup adds up for itself, without memory and barriers.
 *
 * The pairs are those of the tree, so that results have the same bits with any size of subgroups, and without them. An
 * invocation takes the place of its number in the subgroup, not of that in the workgroup: WGSL does not say how the
 * two correspond.
 *
 * @module
 */
import type { KernelValues } from "./expand.ts";
import type { Dispatch, Target } from "./kernel.ts";

/**
 * What a reducing kernel of some invocations a workgroup is given: SUBGROUPS, and the size from which on they take
 * over, SUBGROUP (1 if they do not).
 */
export function subgroupParts(
  target: Target,
  lanes: number,
): { values: KernelValues; dispatch: Pick<Dispatch, "subgroups"> } {
  const size = Math.min(target.subgroups ?? 1, lanes);
  const uses = size > 1;
  return { values: { SUBGROUPS: uses, SUBGROUP: size }, dispatch: uses ? { subgroups: true } : {} };
}
