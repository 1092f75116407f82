/**
 * Generated reductions over any axes, with the pointwise chain that feeds them fused in: y[o] = scale * (+ or max or
 * min)_k f(x[o, k]).
 *
 * No float atomics: where there is too little work in the outputs alone, the reduced space is split into chunks whose
 * partial results go to a scratch buffer, and a second pass combines them in a fixed order. On GPUs a chunk is a whole
 * workgroup's, whose invocations combine their results before they store one. Equal inputs give bit-equal results.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import type { KernelValues } from "../expand.ts";
import { subgroupParts } from "../subgroups.ts";
import { type Dispatch, gridFor, type Lowering, rebound, type Target, writes } from "../kernel.ts";
import {
  collapseAxes,
  type CollapsedAxis,
  type Expression,
  inputLoads,
  inputOperands,
  planVectors,
  splitIndex,
  stepFunctions,
  stepStatements,
  UniformWriter,
} from "../pointwise/expression.ts";
import { distinctFunctions, EXTREMES, typeAliases } from "../pointwise/functions.ts";

/** How values are combined. */
export type Reduction = "sum" | "max" | "min";

/** Invocations that keep an adapter busy. */
const WANTED_INVOCATIONS = { software: 512, gpu: 65_536 } as const;
/** Fewer terms than this a chunk are not worth a second pass: a dispatch costs 40 us on the CPU and a few on a GPU. */
const MIN_TERMS = { software: 512, gpu: 32 } as const;
/** The most terms that one invocation adds up one after another: keeps float32's rounding error small as well. */
const MAX_TERMS = 4096;
/** Invocations of a workgroup that combines its partial results in workgroup memory, as GPUs do. */
const SHARED_LANES = 256;
/** The most neighbouring outputs of such a workgroup: what they read of a row is a few lines of the cache. */
const SHARED_COLUMNS = 32;
/** Fewer terms than this for each of its invocations are not worth another workgroup. */
const MIN_SHARED_TERMS = 4;

interface Pass {
  readonly axes: readonly CollapsedAxis[];
  readonly expression: Expression;
  readonly kind: Reduction;
  readonly scale: number;
  readonly label: string;
  readonly target: Target;
}

/** How a pass shares out the work. */
interface Split {
  /** Parts of the reduced space. */
  readonly chunks: number;
  /** Neighbouring outputs of a workgroup whose invocations combine their results; 0 where each has one of its own. */
  readonly columns: number;
}

/**
 * Lowers a reduction.
 *
 * @param expression What is reduced; the last step's value, or the only input's where there is no step.
 * @param options.axes Axes of `expression.shape` that are reduced.
 * @param options.scale Factor of the result (1/n makes a sum a mean).
 */
export function lowerReduce(
  expression: Expression,
  options: { axes: readonly number[]; kind: Reduction; scale?: number; target: Target; label: string },
): Lowering {
  const axes = collapseAxes(expression, { reduced: options.axes });
  const outputs = product(axes.filter((axis) => !axis.reduced));
  const { kind, target, label } = options;
  const scale = options.scale ?? 1;
  const pass: Pass = { axes, expression, kind, scale, label, target };
  const split = splitWork(axes, target);
  const { chunks } = split;
  if (chunks === 1) return { dispatches: [reducePass(pass, { split, to: { output: 0 } })] };
  // Partial results lie as [chunks, outputs]; they are combined by another reduction over the first axis, itself in
  // chunks if need be.
  const second = lowerReduce({ shape: [chunks, outputs], inputs: [[chunks, outputs]], steps: [] }, {
    axes: [0],
    kind,
    scale,
    target,
    label: "partials",
  });
  const first = reducePass({ ...pass, scale: 1 }, { split, to: { scratch: 0 } });
  return {
    scratch: [chunks * outputs, ...(second.scratch ?? [])],
    dispatches: [
      first,
      ...second.dispatches.map((dispatch) =>
        rebound(
          dispatch,
          (buffer) =>
            "input" in buffer ? { scratch: 0 } : "scratch" in buffer ? { scratch: buffer.scratch + 1 } : buffer,
        )
      ),
    ],
  };
}

function product(axes: readonly CollapsedAxis[]): number {
  return axes.reduce((total, axis) => total * axis.size, 1);
}

function splitWork(axes: readonly CollapsedAxis[], target: Target): Split {
  const outputs = product(axes.filter((axis) => !axis.reduced));
  const terms = product(axes.filter((axis) => axis.reduced));
  const wanted = WANTED_INVOCATIONS[target.profile];
  const most = Math.max(1, Math.floor(terms / MIN_TERMS[target.profile]));
  const chunks = Math.min(most, Math.max(Math.ceil(wanted / outputs), Math.ceil(terms / MAX_TERMS)));
  const shared = chunks > 1 && target.profile === "gpu" ? splitAmongWorkgroups(axes) : undefined;
  return shared ?? { chunks, columns: 0 };
}

/** The work of whole workgroups; undefined where most of their invocations would have no term. */
function splitAmongWorkgroups(axes: readonly CollapsedAxis[]): Split | undefined {
  const { outputs, terms, lastReduced } = passSizes(axes);
  const columns = lastReduced ? 1 : Math.min(SHARED_COLUMNS, 2 ** Math.ceil(Math.log2(outputs)));
  const rows = SHARED_LANES / columns;
  if (terms < rows / 4) return undefined;
  const forWork = Math.ceil(WANTED_INVOCATIONS.gpu / SHARED_LANES / Math.ceil(outputs / columns));
  const forAccuracy = Math.ceil(terms / (rows * MAX_TERMS));
  const most = Math.max(1, Math.floor(terms / (rows * MIN_SHARED_TERMS)));
  return { chunks: Math.max(Math.min(most, forWork), forAccuracy), columns };
}

/** What a pass iterates over, with a last axis in vectors. */
function passSizes(axes: readonly CollapsedAxis[]) {
  const vectors = planVectors(axes);
  const { width } = vectors;
  const sizes = axes.map((axis, a) => (a === axes.length - 1 ? axis.size / width : axis.size));
  const kept = axes.map((_, a) => a).filter((a) => !axes[a]!.reduced);
  const reduced = axes.map((_, a) => a).filter((a) => axes[a]!.reduced);
  const size = (list: readonly number[]) => list.reduce((total, a) => total * sizes[a]!, 1);
  const lastReduced = axes.at(-1)!.reduced;
  return { vectors, width, sizes, kept, reduced, outputs: size(kept), terms: size(reduced), lastReduced };
}

function reducePass(pass: Pass, { split, to }: { split: Split; to: { output: 0 } | { scratch: 0 } }): Dispatch {
  const { axes, expression, kind } = pass;
  const { vectors, width, sizes, kept, reduced, outputs, terms, lastReduced } = passSizes(axes);
  const { chunks, columns } = split;
  const names = axes.map((_, a) => `c${a}`);
  const uniforms = new UniformWriter();
  const pick = (list: readonly number[]) => ({ sizes: list.map((a) => sizes[a]!), names: list.map((a) => names[a]!) });
  const value = expression.steps.length ? `t${expression.steps.length - 1}` : "x0";
  // Where the last axis is kept, lanes are neighbours along it; where it is reduced, a vector is folded at the end.
  const accumulator = width === 4 && !lastReduced ? "vec4f" : "f32";
  const fold = width === 4 && lastReduced ? foldVector(kind) : "acc";
  const loop: LoopParts = {
    identity: `T(${uniforms.float(IDENTITY[kind])})`,
    outputs: uniforms.integer(outputs),
    terms: uniforms.integer(terms),
    length: uniforms.integer(Math.ceil(terms / chunks)),
    place: splitIndex({ index: "o", ...pick(kept), uniforms }),
    body: [
      ...splitIndex({ index: "k", ...pick(reduced), uniforms }),
      ...inputLoads({ axes, vectors, coordinates: names, uniforms }),
      ...stepStatements(expression, uniforms),
      `acc = ${combine(kind, "acc", value)};`,
    ],
    put: `out_put(chunk * ${uniforms.integer(outputs)} + o, ${accumulator}(${fold})${
      pass.scale === 1 ? "" : ` * ${uniforms.float(pass.scale)}`
    });`,
  };
  const blocks = Math.ceil(outputs / Math.max(1, columns));
  const shared = columns > 0 ? sharedParts(pass.target, columns) : undefined;
  const kernel = shared
    ? sharedKernel(kind, { ...loop, blocks: uniforms.integer(blocks), chunks: uniforms.integer(chunks) })
    : laneKernel({ ...loop, jobs: uniforms.integer(outputs * chunks) });
  return {
    kernel: `reduce_${kind}/${pass.label}`,
    code: [...distinctFunctions([stepFunctions(expression), kind === "sum" ? [] : EXTREMES]), ...kernel].join("\n"),
    values: {
      ...typeAliases(width),
      ...shared?.values,
    },
    ...shared?.dispatch,
    uniforms: uniforms.uniforms,
    operands: { ...inputOperands(vectors, (input) => ({ input })), out: writes(to, accumulator) },
    grid: gridFor(columns ? blocks * chunks : Math.ceil((outputs * chunks) / DEFAULT_LANES)),
    flops: product(axes) * (expression.steps.length + 1),
  };
}

/** What a kernel is given whose workgroups combine what their invocations have. */
function sharedParts(target: Target, columns: number): { values: KernelValues; dispatch: Partial<Dispatch> } {
  // With more columns than that, the whole tree is above them.
  const subgroups = columns < (target.subgroups ?? 1) ? target.subgroups! : 1;
  const { values, dispatch } = subgroupParts({ ...target, subgroups }, SHARED_LANES);
  return {
    values: { COLUMNS: columns, ROWS: SHARED_LANES / columns, ...values },
    dispatch: { lanes: SHARED_LANES, ...dispatch },
  };
}

/** Pieces of a kernel's text. */
interface LoopParts {
  readonly identity: string;
  readonly outputs: string;
  readonly terms: string;
  /** Terms of a chunk. */
  readonly length: string;
  /** Statements that find the output `o`. */
  readonly place: readonly string[];
  /** Statements that combine term `k` with `acc`. */
  readonly body: readonly string[];
  /** Stores `acc` as the result of chunk and output. */
  readonly put: string;
}

/** An invocation for each output of each chunk. */
function laneKernel(parts: LoopParts & { jobs: string }): string[] {
  return [
    "fn kernel(group: u32, lane: u32) {",
    "let job = group * LANES + lane;",
    `if (job >= ${parts.jobs}) { return; }`,
    `let o = job % ${parts.outputs};`,
    `let chunk = job / ${parts.outputs};`,
    ...parts.place,
    `var acc = ${parts.identity};`,
    `let end = min(${parts.terms}, (chunk + 1u) * ${parts.length});`,
    `for (var k = chunk * ${parts.length}; k < end; k++) {`,
    ...parts.body,
    "}",
    parts.put,
    "}",
  ];
}

/**
 * A workgroup for COLUMNS neighbouring outputs of each chunk, whose invocations take turns along the chunk and then
 * combine what they have by a tree.
 */
function sharedKernel(kind: Reduction, parts: LoopParts & { blocks: string; chunks: string }): string[] {
  return [
    "var<workgroup> shared_values: array<T, LANES>;",
    "fn kernel(group: u32, lane: u32) {",
    // Workgroups and outputs that do not exist do the last one's work, so that all lanes reach the barriers.
    `let chunk = min(group / ${parts.blocks}, ${parts.chunks} - 1u);`,
    `let column = (group % ${parts.blocks}) * COLUMNS + lane % COLUMNS;`,
    `let o = min(column, ${parts.outputs} - 1u);`,
    ...parts.place,
    `var acc = ${parts.identity};`,
    `let end = min(${parts.terms}, (chunk + 1u) * ${parts.length});`,
    `for (var k = chunk * ${parts.length} + lane / COLUMNS; k < end; k += ROWS) {`,
    ...parts.body,
    "}",
    "shared_values[lane] = acc;",
    "for (var half = LANES / 2u; half >= max(COLUMNS, SUBGROUP); half /= 2u) {",
    "workgroupBarrier();",
    "if (lane < half) {",
    `shared_values[lane] = ${combine(kind, "shared_values[lane]", "shared_values[lane + half]")};`,
    "}",
    "}",
    "//#if SUBGROUPS",
    "workgroupBarrier();",
    "acc = shared_values[subgroup_lane % SUBGROUP];",
    "for (var half = SUBGROUP / 2u; half >= COLUMNS; half /= 2u) {",
    "let other = subgroupShuffleDown(acc, half);",
    `acc = ${combine(kind, "acc", "other")};`,
    "}",
    "acc = subgroupShuffle(acc, lane % COLUMNS);",
    "//#else",
    "acc = shared_values[lane];",
    "//#end",
    `if (lane < COLUMNS && column < ${parts.outputs} && group < ${parts.blocks} * ${parts.chunks}) {`,
    parts.put,
    "}",
    "}",
  ];
}

// WGSL has no literal for infinity, so the identity is a uniform.
const IDENTITY = { sum: 0, max: -Infinity, min: Infinity } as const;

/** Functions of `EXTREMES`: NaN among the values makes the result NaN. */
const COMBINE = { max: "larger", min: "smaller" } as const;

function combine(kind: Reduction, a: string, b: string): string {
  return kind === "sum" ? `${a} + ${b}` : `${COMBINE[kind]}(${a}, ${b})`;
}

function foldVector(kind: Reduction): string {
  if (kind === "sum") return "((acc.x + acc.y) + (acc.z + acc.w))";
  return `${combine(kind, combine(kind, "acc", "acc.yxwz"), combine(kind, "acc.zwxy", "acc.wzyx"))}.x`;
}
