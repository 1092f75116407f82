/**
 * Generated kernels for fused chains of pointwise ops: y_k[i] = f_k(x_0[i], x_1[i], ...) with NumPy broadcasting.
 *
 * @module
 */
import { gridFor, type Lowering, type Target } from "../kernel.ts";
import {
  collapseAxes,
  type Expression,
  expressionSize,
  inputDeclarations,
  inputLoads,
  planVectors,
  splitIndex,
  stepStatements,
  UniformWriter,
} from "./expression.ts";

/** Invocations a workgroup. */
const WORKGROUP = 64;

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
  const count = expressionSize(expression) / vectors.width;
  const uniforms = new UniformWriter();
  const total = uniforms.integer(count);
  const sizes = axes.map((axis, a) => (a === axes.length - 1 ? axis.size / vectors.width : axis.size));
  const names = axes.map((_, a) => `c${a}`);
  const broadcasts = axes.length > 1;
  const body = [
    ...(broadcasts ? splitIndex({ index: "i", sizes, names, uniforms }) : ["let c0 = i;"]),
    ...inputLoads({ axes, vectors, coordinates: names, flat: "i", uniforms }),
    ...stepStatements(expression, uniforms),
    ...options.outputs.map((step, k) => `out${k}[i] = t${step};`),
  ];
  const inputs = expression.inputs.length;
  const bindings = inputs + options.outputs.length;
  const code = [
    `alias T = ${vectors.width === 4 ? "vec4f" : "f32"};`,
    ...inputDeclarations(vectors),
    ...options.outputs.map((_, k) => `@group(0) @binding(${inputs + k}) var<storage, read_write> out${k}: array<T>;`),
    uniforms.declaration(bindings),
    `@compute @workgroup_size(${WORKGROUP})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {",
    `let i = (group.x + group.y * groups.x) * ${WORKGROUP}u + lane;`,
    `if (i >= ${total}) { return; }`,
    ...body,
    "}",
  ].join("\n");
  return {
    dispatches: [{
      kernel: `pointwise/${options.label}`,
      code,
      uniforms: uniforms.words,
      bindings: [
        ...expression.inputs.map((_, i) => ({ input: i })),
        ...options.outputs.map((_, k) => ({ output: k })),
      ],
      grid: gridFor(Math.ceil(count / WORKGROUP)),
      flops: expressionSize(expression) * expression.steps.length,
    }],
  };
}
