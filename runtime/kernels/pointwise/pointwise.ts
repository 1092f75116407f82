/**
 * Generated kernels for fused chains of pointwise ops: y_k[i] = f_k(x_0[i], x_1[i], ...) with NumPy broadcasting.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import { gridFor, type Lowering, type Target } from "../kernel.ts";
import {
  collapseAxes,
  type CollapsedAxis,
  type Expression,
  expressionSize,
  inputLoads,
  inputOperands,
  outputOperands,
  planVectors,
  splitIndex,
  stepFunctions,
  stepStatements,
  stores,
  UniformWriter,
  type VectorPlan,
} from "./expression.ts";
import { typeAliases } from "./functions.ts";
import { readMapsAsTexels } from "../texels.ts";

/**
 * Rows that one invocation walks where an input is the same for all rows (a bias, a channel's scale), on the CPU: such
 * inputs are loaded once, and the division that finds the channel is done once. Measured 1.5 to 1.8 times as fast on
 * [16384, 64] with 16 rows.
 */
const ROWS_WALKED = 16;

/**
 * Lowers a chain.
 *
 * @param expression The chain; its inputs are the lowering's inputs in order.
 * @param options.outputs Steps whose values are stored, in the order of the lowering's outputs.
 */
export function lowerPointwise(
  expression: Expression,
  options: { outputs: readonly number[]; target: Target; label: string },
): Lowering {
  const axes = collapseAxes(expression);
  const vectors = planVectors(axes);
  const uniforms = new UniformWriter();
  const sizes = axes.map((axis, a) => (a === axes.length - 1 ? axis.size / vectors.width : axis.size));
  const walks = options.target.profile === "software" && axes.length === 2 && axes[0]!.size >= 4 * ROWS_WALKED &&
    axes[0]!.strides.includes(0);
  const context: Context = { expression, axes, vectors, uniforms, sizes, outputs: options.outputs };
  const { body, invocations } = walks ? walkRows(context) : onePerElement(context);
  const texels = walks ? texelInputs(context, options.target) : () => false;
  const code = [
    ...stepFunctions(expression),
    "fn kernel(group: u32, lane: u32) {",
    "let job = group * LANES + lane;",
    ...body,
    "}",
  ].join("\n");
  return {
    dispatches: [{
      kernel: `pointwise/${options.label}`,
      code,
      values: typeAliases(vectors.width),
      uniforms: uniforms.uniforms,
      operands: {
        ...inputOperands(vectors, (input) => ({ input }), { texels }),
        ...outputOperands(options.outputs.length, vectors.width),
      },
      grid: gridFor(Math.ceil(invocations / DEFAULT_LANES)),
      flops: expressionSize(expression) * expression.steps.length,
    }],
  };
}

interface Context {
  readonly expression: Expression;
  readonly axes: readonly CollapsedAxis[];
  readonly vectors: VectorPlan;
  readonly uniforms: UniformWriter;
  /** Sizes of the axes, the last one in vectors. */
  readonly sizes: readonly number[];
  readonly outputs: readonly number[];
}

/** Which inputs a kernel that walks rows reads as texels: those of large results that are as large themselves. */
function texelInputs({ expression, axes, vectors }: Context, target: Target): (input: number) => boolean {
  const elements = expressionSize(expression);
  const isWhole = (input: number) => vectors.vectorInputs[input]! && axes.every(({ strides }) => strides[input] !== 0);
  const whole = vectors.vectorInputs.flatMap((_, input) => (isWhole(input) ? [elements] : []));
  const fits = readMapsAsTexels(whole, target.maxTexels);
  return (input) => fits && isWhole(input);
}

interface Body {
  readonly body: readonly string[];
  readonly invocations: number;
}

/** One invocation a vector. */
function onePerElement({ expression, axes, vectors, uniforms, sizes, outputs }: Context): Body {
  const invocations = expressionSize(expression) / vectors.width;
  const names = axes.map((_, a) => `c${a}`);
  return {
    invocations,
    body: [
      `let i = job;`,
      `if (i >= ${uniforms.integer(invocations)}) { return; }`,
      ...(axes.length > 1 ? splitIndex({ index: "i", sizes, names, uniforms }) : ["let c0 = i;"]),
      ...inputLoads({ axes, vectors, coordinates: names, flat: "i", uniforms }),
      ...stepStatements(expression, uniforms),
      ...stores(outputs),
    ],
  };
}

/** One invocation for {@link ROWS_WALKED} rows of one column. */
function walkRows({ expression, axes, vectors, uniforms, sizes, outputs }: Context): Body {
  const [rows, columns] = sizes as [number, number];
  const blocks = Math.ceil(rows / ROWS_WALKED);
  const width = uniforms.integer(columns);
  const loads = inputLoads({ axes, vectors, coordinates: ["c0", "c1"], flat: "i", uniforms });
  const fixed = loads.filter((_, input) => axes[0]!.strides[input] === 0);
  const moving = loads.filter((_, input) => axes[0]!.strides[input] !== 0);
  return {
    invocations: blocks * columns,
    body: [
      `if (job >= ${uniforms.integer(blocks * columns)}) { return; }`,
      `let c1 = job % ${width};`,
      `let first = (job / ${width}) * ${ROWS_WALKED}u;`,
      ...fixed,
      `let end = min(first + ${ROWS_WALKED}u, ${uniforms.integer(rows)});`,
      "for (var c0 = first; c0 < end; c0++) {",
      `let i = c0 * ${width} + c1;`,
      ...moving,
      ...stepStatements(expression, uniforms),
      ...stores(outputs),
      "}",
    ],
  };
}
