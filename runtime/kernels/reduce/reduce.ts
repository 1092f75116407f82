/**
 * Generated reductions over any axes, with the pointwise chain that feeds them fused in: y[o] = scale * (+ or max or
 * min)_k f(x[o, k]).
 *
 * No float atomics: where there is too little work in the outputs alone, the reduced space is split into chunks whose
 * partial results go to a scratch buffer, and a second pass combines them in a fixed order. Equal inputs give bit-equal
 * results.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
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

interface Pass {
  readonly axes: readonly CollapsedAxis[];
  readonly expression: Expression;
  readonly kind: Reduction;
  readonly scale: number;
  readonly label: string;
  readonly target: Target;
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
  const terms = product(axes.filter((axis) => axis.reduced));
  const { kind, target, label } = options;
  const scale = options.scale ?? 1;
  const pass: Pass = { axes, expression, kind, scale, label, target };
  const chunks = chunkCount({ outputs, terms, target });
  if (chunks === 1) return { dispatches: [reducePass(pass, { chunks, to: { output: 0 } })] };
  // Partial results lie as [chunks, outputs]; they are combined by another reduction over the first axis, itself in
  // chunks if need be.
  const second = lowerReduce({ shape: [chunks, outputs], inputs: [[chunks, outputs]], steps: [] }, {
    axes: [0],
    kind,
    scale,
    target,
    label: "partials",
  });
  const first = reducePass({ ...pass, scale: 1 }, { chunks, to: { scratch: 0 } });
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

function chunkCount(options: { outputs: number; terms: number; target: Target }): number {
  const { outputs, terms, target } = options;
  const forWork = Math.ceil(WANTED_INVOCATIONS[target.profile] / outputs);
  const forAccuracy = Math.ceil(terms / MAX_TERMS);
  const most = Math.max(1, Math.floor(terms / MIN_TERMS[target.profile]));
  return Math.min(most, Math.max(forWork, forAccuracy));
}

function reducePass(
  pass: Pass,
  options: { chunks: number; to: { output: 0 } | { scratch: 0 } },
): Dispatch {
  const { axes, expression } = pass;
  const vectors = planVectors(axes);
  const { width } = vectors;
  const last = axes.at(-1);
  const lastReduced = last?.reduced ?? false;
  const sizes = axes.map((axis, a) => (a === axes.length - 1 ? axis.size / width : axis.size));
  const names = axes.map((_, a) => `c${a}`);
  const kept = axes.map((_, a) => a).filter((a) => !axes[a]?.reduced);
  const reduced = axes.map((_, a) => a).filter((a) => axes[a]?.reduced);
  const size = (list: readonly number[]) => list.reduce((total, a) => total * (sizes[a] ?? 1), 1);
  const outputs = size(kept);
  const terms = size(reduced);
  const uniforms = new UniformWriter();
  const outputCount = uniforms.integer(outputs);
  const termCount = uniforms.integer(terms);
  const chunkLength = Math.ceil(terms / options.chunks);
  const length = uniforms.integer(chunkLength);
  const count = uniforms.integer(outputs * options.chunks);
  const pick = (list: readonly number[]) => ({
    sizes: list.map((a) => sizes[a] ?? 1),
    names: list.map((a) => names[a] ?? ""),
  });
  const value = expression.steps.length ? `t${expression.steps.length - 1}` : "x0";
  const combined = combine(pass.kind, "acc", value);
  // Where the last axis is kept, lanes are neighbours along it; where it is reduced, a vector is folded at the end.
  const accumulator = width === 4 && !lastReduced ? "vec4f" : "f32";
  const fold = width === 4 && lastReduced ? foldVector(pass.kind) : "acc";
  const code = [
    ...distinctFunctions([stepFunctions(expression), pass.kind === "sum" ? [] : EXTREMES]),
    "fn kernel(group: u32, lane: u32) {",
    "let job = group * LANES + lane;",
    `if (job >= ${count}) { return; }`,
    `let o = job % ${outputCount};`,
    `let chunk = job / ${outputCount};`,
    ...splitIndex({ index: "o", ...pick(kept), uniforms }),
    `var acc = T(${uniforms.float(IDENTITY[pass.kind])});`,
    `let end = min(${termCount}, (chunk + 1u) * ${length});`,
    `for (var k = chunk * ${length}; k < end; k++) {`,
    ...splitIndex({ index: "k", ...pick(reduced), uniforms }),
    ...inputLoads({ axes, vectors, coordinates: names, uniforms }),
    ...stepStatements(expression, uniforms),
    `acc = ${combined};`,
    "}",
    `out_put(job, ${accumulator}(${fold})${pass.scale === 1 ? "" : ` * ${uniforms.float(pass.scale)}`});`,
    "}",
  ].join("\n");
  return {
    kernel: `reduce_${pass.kind}/${pass.label}`,
    code,
    values: typeAliases(width),
    uniforms: uniforms.uniforms,
    operands: {
      ...inputOperands(vectors, (input) => ({ input })),
      out: writes(options.to, accumulator),
    },
    grid: gridFor(Math.ceil((outputs * options.chunks) / DEFAULT_LANES)),
    flops: product(axes) * (expression.steps.length + 1),
  };
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
