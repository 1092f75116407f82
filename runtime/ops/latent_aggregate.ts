/**
 * Aggregation of the views' posteriors into one, as in joint multimodal VAEs.
 *
 * @module
 */
import {
  type AggregateMethod,
  lowerAggregate,
  lowerAggregateBackward,
  mixtureComponents,
} from "../kernels/latent/latent_aggregate.ts";
import { apply, defineOp } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { formatShape, type TensorSpec } from "../graph/shape.ts";
import { type DiagonalNormal, requireViews, viewsOf } from "./latent.ts";
import { zeros } from "./fill.ts";

export { type AggregateMethod, mixtureComponents } from "../kernels/latent/latent_aggregate.ts";

interface AggregateAttributes {
  readonly method: AggregateMethod;
  readonly assigned: boolean;
  readonly masked: boolean;
}

function requireAssignment(assignment: TensorSpec, options: { method: AggregateMethod; samples: number }): void {
  const { method, samples } = options;
  if (method !== "moe" && method !== "mopoe") {
    throw new TypeError(`aggregate() by ${method} takes no assignment: there is only one component`);
  }
  if (assignment.dtype !== "u32" || assignment.shape.length !== 1 || assignment.shape[0] !== samples) {
    throw new TypeError(
      `aggregate() needs an assignment of u32 [${samples}], got ${assignment.dtype} ${formatShape(assignment.shape)}`,
    );
  }
}

/** Inputs mu, logvar, [assignment], [mask]; outputs the aggregate's mu and logvar. */
const aggregateOp: Op<AggregateAttributes> = defineOp({
  name: "aggregate",
  infer([mu, logvar, ...rest], { method, assigned, masked }) {
    requireViews("aggregate", { stacked: [mu!, logvar!], mask: masked ? rest.at(-1) : undefined });
    const { views, samples, width } = viewsOf(mu!);
    mixtureComponents(method, views); // throws for too many views
    if (assigned) requireAssignment(rest[0]!, { method, samples });
    const shape = [samples, width];
    return [{ shape, dtype: "f32" }, { shape, dtype: "f32" }];
  },
  lower: ({ inputs: [mu], attributes, target }) => lowerAggregate({ ...viewsOf(mu!), ...attributes, target }),
  vjp({ inputs, outputs, cotangents, attributes }) {
    const given = outputs.map((output, i) => cotangents[i] ?? zeros(output.shape));
    return apply(aggregateGradientOp, [...inputs, ...given], attributes);
  },
});

const aggregateGradientOp: Op<AggregateAttributes> = defineOp({
  name: "aggregate_gradient",
  infer: ([mu]) => [{ shape: mu!.shape, dtype: "f32" }, { shape: mu!.shape, dtype: "f32" }],
  lower: ({ inputs: [mu], attributes, target }) => lowerAggregateBackward({ ...viewsOf(mu!), ...attributes, target }),
});

/**
 * Aggregates the views' posteriors sample by sample:
 *
 * - `poe`: the product of experts, without a prior expert (Wu and Goodman 2018);
 * - `avg`: the mean of mu, and the logarithm of the mean variance;
 * - `moe`: each sample takes one view's posterior (Shi et al. 2019);
 * - `mopoe`: each sample takes the product over one non-empty subset of the views (Sutter et al. 2021), in the order of
 *   {@link mixtureComponents}.
 *
 * The component of a sample in `moe` and `mopoe` is chosen as published by batch slices: component k of K takes the
 * k-th contiguous floor(N/K) samples, and the last one the rest. With an assignment it is the component of that
 * number modulo K.
 *
 * With a mask, a sample's components are those over its present views (2^P - 1 for `mopoe`, P for `moe`), K is their
 * number, and batch slices are computed as if the whole batch had K components. To draw components uniformly with
 * missing views, assign large random numbers instead of numbers below K.
 *
 * @param mu [views, samples, dimensions], as logvar; at most 6 views for `mopoe`, 32 for the others.
 * @param options.mask [views, samples].
 * @param options.assignment u32 [samples].
 * @returns mu and logvar, [samples, dimensions].
 * @throws {TypeError | RangeError} naming the shapes, or the views that are too many.
 */
export function aggregate(
  mu: Tensor,
  logvar: Tensor,
  options: { method: AggregateMethod; mask?: Tensor; assignment?: Tensor },
): DiagonalNormal {
  const { method, mask, assignment } = options;
  const inputs = [mu, logvar, ...(assignment ? [assignment] : []), ...(mask ? [mask] : [])];
  const [jointMu, jointLogvar] = apply(aggregateOp, inputs, {
    method,
    assigned: assignment !== undefined,
    masked: mask !== undefined,
  });
  return { mu: jointMu!, logvar: jointLogvar! };
}
