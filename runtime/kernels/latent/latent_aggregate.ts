/**
 * Lowerings that make one posterior out of those of several views: product of experts, mixture of experts, mixture of
 * products of experts, average.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import aggregateText from "../../../shaders/latent/latent_aggregate.wgsl" with { type: "text" };
import itemsText from "../../../shaders/latent/latent_items.wgsl" with { type: "text" };
import { gridFor, type Lowering, vec4us } from "../kernel.ts";
import { inputs, outputs, type ViewsOptions } from "./latent.ts";

/** How posteriors are aggregated. */
export type AggregateMethod = "poe" | "moe" | "mopoe" | "avg";

/** Components that a kernel's uniforms can list: those of a mixture of products over six views. */
const MAX_COMPONENTS = 64;

/**
 * The components of a mixture, as bit sets of views (bit m is view m), in their order: for `moe` the single views; for
 * `mopoe` all non-empty subsets by size, subsets of equal size in lexicographic order ({0,1}, {0,2}, {1,2}); for `poe`
 * and `avg` the one set of all views.
 *
 * @throws {RangeError} for more than 32 views, or more than six for `mopoe` (64 components and more).
 */
export function mixtureComponents(method: AggregateMethod, views: number): number[] {
  const most = method === "mopoe" ? 6 : 32;
  if (!Number.isInteger(views) || views < 1 || views > most) {
    throw new RangeError(`aggregate() by ${method} takes 1 to ${most} views, got ${views}`);
  }
  if (method === "poe" || method === "avg") return [2 ** views - 1];
  const components: number[] = [];
  for (let size = 1; size <= (method === "moe" ? 1 : views); size++) {
    addSubsets({ size, views, from: 0, set: 0 }, components);
  }
  return components;
}

/** Appends the subsets of `size` further views, all of them at least `from`, in lexicographic order. */
function addSubsets(partial: { size: number; views: number; from: number; set: number }, components: number[]): void {
  const { size, views, from, set } = partial;
  if (size === 0) {
    components.push(set);
    return;
  }
  for (let view = from; view < views; view++) {
    addSubsets({ size: size - 1, views, from: view + 1, set: set + 2 ** view }, components);
  }
}

/** Sizes and method of an aggregation. */
export interface AggregateOptions extends ViewsOptions {
  readonly method: AggregateMethod;
  /**
   * Whether an assignment u32 [samples] is among the inputs (moe and mopoe); otherwise components take slices of the
   * batch.
   */
  readonly assigned?: boolean;
}

/** Inputs mu, logvar [M, N, D], [assignment], [mask]; outputs the aggregate's mu and logvar [N, D]. */
export function lowerAggregate(options: AggregateOptions): Lowering {
  return lower(options, { backward: false });
}

/**
 * Gradients of {@link lowerAggregate}. Inputs mu, logvar, [assignment], [mask], gradients of the aggregate's mu and
 * logvar; outputs the gradients of mu and logvar.
 */
export function lowerAggregateBackward(options: AggregateOptions): Lowering {
  return lower(options, { backward: true });
}

function lower(options: AggregateOptions, { backward }: { backward: boolean }): Lowering {
  const { method, views, samples, width, masked = false, assigned = false } = options;
  const components = mixtureComponents(method, views);
  const subsets = Array.from({ length: MAX_COMPONENTS }, (_, k) => components[k] ?? 0);
  const gradients = ["joint_mu_gradient", "joint_logvar_gradient"];
  const read = inputs(["mu", "logvar", assigned && "assignment", masked && "mask", ...(backward ? gradients : [])]);
  return {
    dispatches: [{
      kernel: `latent_aggregate${backward ? "_backward" : ""}/${method}`,
      code: [itemsText, aggregateText].join("\n"),
      values: {
        AVERAGE: method === "avg",
        EVERY: method === "poe" || method === "avg",
        ASSIGNED: assigned,
        MASKED: masked,
        BACKWARD: backward,
      },
      uniforms: { rows: samples, width, views, components: components.length, subsets: vec4us(subsets) },
      operands: {
        ...read,
        ...(assigned ? { assignment: { ...read.assignment!, type: "u32" } } : {}),
        ...outputs(backward ? ["mu_gradient", "logvar_gradient"] : ["joint_mu", "joint_logvar"]),
      },
      grid: gridFor(Math.ceil((samples * width) / DEFAULT_LANES)),
      flops: samples * width * views * (backward ? 30 : 16),
    }],
  };
}
