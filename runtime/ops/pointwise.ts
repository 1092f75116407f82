/**
 * Pointwise ops with NumPy broadcasting. Chains of them are fused into one kernel when a program is compiled.
 *
 * Gradients: for y = f(a, b) with cotangent g, the gradient of a is g * df/da; `gradients()` sums it over the axes
 * along which a was broadcast. Derivatives are expressed by the output where possible (exp, sigmoid, tanh, relu),
 * because it is in memory anyway.
 *
 * @module
 */
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { broadcastShapes, type Shape, type TensorSpec } from "../graph/shape.ts";
import { EXTREMES, NAN_TEST, POWER, SOFTPLUS, TANH } from "../kernels/pointwise/functions.ts";
import { full, zeros } from "./fill.ts";

/** A tensor, or a number that is broadcast. */
export type TensorLike = Tensor | number;

type None = Record<string, never>;
type Gradient = (context: {
  inputs: readonly Tensor[];
  output: Tensor;
  g: Tensor;
}) => readonly (Tensor | undefined)[];

function asTensor(operand: TensorLike): Tensor {
  return typeof operand === "number" ? full([], operand) : operand;
}

/** Returns the WGSL name of a number that may not be representable as a literal. */
type Constant = (value: number) => string;

function define(
  name: string,
  expression: (args: readonly string[], constant: Constant) => string,
  gradient?: Gradient,
  functions?: readonly string[],
): Op<None> {
  return defineOp<None>({
    name,
    ...(functions && { functions }),
    infer(inputs: readonly TensorSpec[]) {
      requireFloat(name, inputs);
      return [{ shape: broadcastShapes(name, inputs.map((input) => input.shape)), dtype: "f32" }];
    },
    pointwise: (args, { constant }) => expression(args, constant),
    ...(gradient && {
      vjp({ inputs, outputs, cotangents, wanted }) {
        const [g] = cotangents;
        const [output] = outputs;
        if (!g || !output) return [];
        // Unwanted terms are dropped from the graph.
        return gradient({ inputs, output, g }).map((term, i) => wanted[i] ? term : undefined);
      },
    }),
  });
}

function unary(
  name: string,
  expression: (x: string, constant: Constant) => string,
  gradient?: Gradient,
  functions?: readonly string[],
): (x: TensorLike) => Tensor {
  const op = define(name, ([x], constant) => expression(x!, constant), gradient, functions);
  return (x) => apply(op, [asTensor(x)], {})[0]!;
}

function binary(
  name: string,
  expression: (a: string, b: string) => string,
  gradient?: Gradient,
  functions?: readonly string[],
): (a: TensorLike, b: TensorLike) => Tensor {
  const op = define(name, ([a, b]) => expression(a!, b!), gradient, functions);
  return (a, b) => apply(op, [asTensor(a), asTensor(b)], {})[0]!;
}

const truth = (condition: string) => `select(T(0.0), T(1.0), ${condition})`;

/** a + b. */
export const add: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "add",
  (a, b) => `(${a} + ${b})`,
  ({ g }) => [g, g],
);

/** a - b. */
export const sub: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "sub",
  (a, b) => `(${a} - ${b})`,
  ({ g }) => [g, neg(g)],
);

/** a * b. */
export const mul: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "mul",
  (a, b) => `(${a} * ${b})`,
  ({ inputs: [a, b], g }) => [mul(g, b!), mul(g, a!)],
);

/** a / b. */
export const div: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "div",
  (a, b) => `(${a} / ${b})`,
  ({ inputs: [, b], output, g }) => {
    const ga = div(g, b!);
    return [ga, neg(mul(ga, output))];
  },
);

/** The larger of a and b, NaN if either is; at a tie the gradient goes half to each, as in PyTorch. */
export const maximum: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "maximum",
  (a, b) => `larger(${a}, ${b})`,
  ({ inputs: [a, b], g }) => [mul(g, share(a!, b!)), mul(g, share(b!, a!))],
  EXTREMES,
);

/** The smaller of a and b, NaN if either is; at a tie the gradient goes half to each, as in PyTorch. */
export const minimum: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "minimum",
  (a, b) => `smaller(${a}, ${b})`,
  ({ inputs: [a, b], g }) => [mul(g, share(b!, a!)), mul(g, share(a!, b!))],
  EXTREMES,
);

/** 1 where a > b, 1/2 where a = b, 0 where a < b. Where one is NaN, 1 for both, as in PyTorch. */
function share(a: Tensor, b: Tensor): Tensor {
  return sub(1, add(mul(less(a, b), 0.5), mul(lessEqual(a, b), 0.5)));
}

/**
 * a to the power b, as C, NumPy, PyTorch and JAX have it: negative bases accept integer exponents and give NaN with
 * others, 0^0 and 1^b are 1, and a negative power of 0 is infinite.
 *
 * Gradients as in PyTorch: that of a is 0 where b is 0; that of b is 0 where a is 0 and b is not negative, and NaN
 * for a negative a.
 */
export const pow: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "pow",
  (a, b) => `power(${a}, ${b})`,
  ({ inputs: [a, b], output, g }) => [
    mul(g, where(b!, { then: mul(b!, pow(a!, sub(b!, 1))), otherwise: 0 })),
    mul(g, where(mul(equal(a!, 0), greaterEqual(b!, 0)), { then: 0, otherwise: mul(output, log(a!)) })),
  ],
  POWER,
);

/** -x. */
export const neg: (x: TensorLike) => Tensor = unary("neg", (x) => `(-${x})`, ({ g }) => [neg(g)]);

/** |x|, with gradient 0 at 0. */
export const abs: (x: TensorLike) => Tensor = unary(
  "abs",
  (x) => `abs(${x})`,
  ({ inputs: [x], g }) => [mul(g, sign(x!))],
);

/** -1, 0 or 1, or NaN for NaN. Its gradient is zero. */
export const sign: (x: TensorLike) => Tensor = unary(
  "sign",
  (x) => `select(sign(${x}), ${x}, is_nan(${x}))`,
  undefined,
  NAN_TEST,
);

/** e^x. */
export const exp: (x: TensorLike) => Tensor = unary("exp", (x) => `exp(${x})`, ({ output, g }) => [mul(g, output)]);

/** Natural logarithm: -Infinity for 0, NaN for negative numbers and NaN, regardless of the driver. */
export const log: (x: TensorLike) => Tensor = unary(
  "log",
  (x, constant) => {
    const beyond = `select(${constant(NaN)}, ${constant(-Infinity)}, ${x} == T(0.0))`;
    return `select(${beyond}, log(${x}), ${x} > T(0.0))`;
  },
  ({ inputs: [x], g }) => [div(g, x!)],
);

/** Square root. */
export const sqrt: (x: TensorLike) => Tensor = unary(
  "sqrt",
  (x) => `sqrt(${x})`,
  ({ output, g }) => [div(mul(g, 0.5), output)],
);

/** x^2. */
export const square: (x: TensorLike) => Tensor = unary(
  "square",
  (x) => `(${x} * ${x})`,
  ({ inputs: [x], g }) => [mul(g, mul(x!, 2))],
);

/** 1 / x. */
export const reciprocal: (x: TensorLike) => Tensor = unary(
  "reciprocal",
  (x) => `(T(1.0) / ${x})`,
  ({ output, g }) => [neg(mul(g, square(output)))],
);

/** max(x, 0), with gradient 0 at 0. NaN stays NaN and lets the gradient through, as in PyTorch. */
export const relu: (x: TensorLike) => Tensor = unary(
  "relu",
  (x) => `select(${x}, T(0.0), ${x} <= T(0.0))`,
  ({ output, g }) => [mul(g, sub(1, lessEqual(output, 0)))],
);

/** 1 / (1 + e^-x), without overflow. */
export const sigmoid: (x: TensorLike) => Tensor = unary(
  "sigmoid",
  (x) => `(T(1.0) / (T(1.0) + exp(-${x})))`,
  ({ output, g }) => [mul(g, mul(output, sub(1, output)))],
);

/** Hyperbolic tangent. */
export const tanh: (x: TensorLike) => Tensor = unary(
  "tanh",
  (x) => `tanh_of(${x})`,
  ({ output, g }) => [mul(g, sub(1, square(output)))],
  TANH,
);

/** log(1 + e^x), without overflow, and to full relative precision for negative x too. */
export const softplus: (x: TensorLike) => Tensor = unary(
  "softplus",
  (x) => `softplus_of(${x})`,
  ({ inputs: [x], g }) => [mul(g, sigmoid(x!))],
  SOFTPLUS,
);

/** Gaussian error linear unit in Hendrycks' and Gimpel's tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
export function gelu(x: TensorLike): Tensor {
  const t = asTensor(x);
  const inner = mul(Math.sqrt(2 / Math.PI), add(t, mul(0.044715, mul(t, square(t)))));
  return mul(mul(t, 0.5), add(1, tanh(inner)));
}

/** x where x > 0, else slope * x. */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  const t = asTensor(x);
  return where(greater(t, 0), { then: t, otherwise: mul(t, slope) });
}

/**
 * x limited to [min, max]; NaN stays NaN. The gradient passes where min <= x <= max, and not for NaN, as in PyTorch.
 *
 * @throws {RangeError} if min > max.
 */
export function clamp(x: TensorLike, options: { min: number; max: number }): Tensor {
  const { min, max } = options;
  if (!(min <= max)) throw new RangeError(`clamp() needs min <= max, got ${min} and ${max}`);
  const t = asTensor(x);
  const limited = where(greater(t, max), {
    then: max,
    otherwise: where(less(t, min), { then: min, otherwise: stopGradient(t) }),
  });
  return where(mul(greaterEqual(t, min), lessEqual(t, max)), { then: t, otherwise: limited });
}

/** 1 where a > b, else 0. Comparisons have no gradient. */
export const greater: (a: TensorLike, b: TensorLike) => Tensor = binary("greater", (a, b) => truth(`${a} > ${b}`));
/** 1 where a >= b, else 0. */
export const greaterEqual: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "greater_equal",
  (a, b) => truth(`${a} >= ${b}`),
);
/** 1 where a < b, else 0. */
export const less: (a: TensorLike, b: TensorLike) => Tensor = binary("less", (a, b) => truth(`${a} < ${b}`));
/** 1 where a <= b, else 0. */
export const lessEqual: (a: TensorLike, b: TensorLike) => Tensor = binary(
  "less_equal",
  (a, b) => truth(`${a} <= ${b}`),
);
/** 1 where a = b, else 0. */
export const equal: (a: TensorLike, b: TensorLike) => Tensor = binary("equal", (a, b) => truth(`${a} == ${b}`));
/** 1 where a != b, else 0. */
export const notEqual: (a: TensorLike, b: TensorLike) => Tensor = binary("not_equal", (a, b) => truth(`${a} != ${b}`));

const whereOp = define(
  "where",
  ([condition, a, b]) => `select(${b}, ${a}, ${condition} != T(0.0))`,
  ({ inputs: [condition], g }) => [
    undefined,
    where(condition!, { then: g, otherwise: 0 }),
    where(condition!, { then: 0, otherwise: g }),
  ],
);

/** `then` where the condition is not zero, `otherwise` elsewhere; a NaN in the branch not taken does not spread. */
export function where(condition: TensorLike, branches: { then: TensorLike; otherwise: TensorLike }): Tensor {
  return apply(whereOp, [asTensor(condition), asTensor(branches.then), asTensor(branches.otherwise)], {})[0]!;
}

const stopGradientOp = define("stop_gradient", ([x]) => `(${x})`);

/** x, without a gradient. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], {})[0]!;
}

const copyOp = define("copy", ([x]) => `(${x})`, ({ g }) => [g]);

/** A copy of x in memory of its own. */
export function copy(x: Tensor): Tensor {
  return apply(copyOp, [x], {})[0]!;
}

/**
 * x repeated to a larger shape.
 *
 * @throws {RangeError} where x's shape does not broadcast to `shape`.
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const result = broadcastShapes("broadcastTo", [x.shape, shape]);
  if (result.length !== shape.length || result.some((size, axis) => size !== shape[axis])) {
    throw new RangeError(`broadcastTo() cannot turn shape [${x.shape.join(", ")}] into [${shape.join(", ")}]`);
  }
  return add(x, zeros(shape));
}
