/**
 * Pointwise ops with NumPy broadcasting. Chains of them are fused into one kernel when a program is compiled.
 *
 * Gradients: for y = f(a, b) with cotangent g, the gradient of a is g * df/da; `gradients()` sums it over the axes along which a was
 * broadcast. Where a derivative can be written with the output (exp, sigmoid, tanh, relu), it is: the output is in memory
 * anyway.
 *
 * @module
 */
import { apply, defineOp, requireFloat } from "../graph/op.ts";
import type { Op, Tensor } from "../graph/tensor.ts";
import { broadcastShapes, type Shape, type TensorSpec } from "../graph/shape.ts";
import { full, zeros } from "./fill.ts";

/** A tensor, or a number that is broadcast. */
export type Operand = Tensor | number;

type None = Record<string, never>;
type Gradient = (context: {
  inputs: readonly Tensor[];
  output: Tensor;
  g: Tensor;
}) => readonly (Tensor | undefined)[];

function asTensor(operand: Operand): Tensor {
  return typeof operand === "number" ? full([], operand) : operand;
}

/** Gives the name of a number that WGSL may not be able to write as a literal. */
type Constant = (value: number) => string;

function define(
  name: string,
  expression: (args: readonly string[], constant: Constant) => string,
  gradient?: Gradient,
): Op<None> {
  return defineOp<None>({
    name,
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
        // Terms that are not wanted never enter the graph that is compiled.
        return gradient({ inputs, output, g }).map((term, i) => wanted[i] ? term : undefined);
      },
    }),
  });
}

function unary(
  name: string,
  expression: (x: string, constant: Constant) => string,
  gradient?: Gradient,
): (x: Operand) => Tensor {
  const op = define(name, ([x], constant) => expression(x!, constant), gradient);
  return (x) => apply(op, [asTensor(x)], {})[0]!;
}

function binary(
  name: string,
  expression: (a: string, b: string) => string,
  gradient?: Gradient,
): (a: Operand, b: Operand) => Tensor {
  const op = define(name, ([a, b]) => expression(a!, b!), gradient);
  return (a, b) => apply(op, [asTensor(a), asTensor(b)], {})[0]!;
}

const truth = (condition: string) => `select(T(0.0), T(1.0), ${condition})`;

/** a + b. */
export const add: (a: Operand, b: Operand) => Tensor = binary("add", (a, b) => `(${a} + ${b})`, ({ g }) => [g, g]);

/** a - b. */
export const sub: (a: Operand, b: Operand) => Tensor = binary("sub", (a, b) => `(${a} - ${b})`, ({ g }) => [g, neg(g)]);

/** a * b. */
export const mul: (a: Operand, b: Operand) => Tensor = binary(
  "mul",
  (a, b) => `(${a} * ${b})`,
  ({ inputs: [a, b], g }) => [mul(g, b!), mul(g, a!)],
);

/** a / b. */
export const div: (a: Operand, b: Operand) => Tensor = binary(
  "div",
  (a, b) => `(${a} / ${b})`,
  ({ inputs: [, b], output, g }) => {
    const ga = div(g, b!);
    return [ga, neg(mul(ga, output))];
  },
);

/** The larger of a and b; at a tie the gradient goes half to each, as in PyTorch. */
export const maximum: (a: Operand, b: Operand) => Tensor = binary(
  "maximum",
  (a, b) => `max(${a}, ${b})`,
  ({ inputs: [a, b], g }) => [mul(g, share(a!, b!)), mul(g, share(b!, a!))],
);

/** The smaller of a and b; at a tie the gradient goes half to each, as in PyTorch. */
export const minimum: (a: Operand, b: Operand) => Tensor = binary(
  "minimum",
  (a, b) => `min(${a}, ${b})`,
  ({ inputs: [a, b], g }) => [mul(g, share(b!, a!)), mul(g, share(a!, b!))],
);

/** 1 where a > b, 1/2 where a = b, 0 elsewhere. */
function share(a: Tensor, b: Tensor): Tensor {
  return add(mul(greater(a, b), 0.5), mul(greaterEqual(a, b), 0.5));
}

/**
 * a to the power b for a >= 0 (WGSL's `pow`, as in most shading languages, is undefined for negative bases); for whole powers of
 * signed numbers multiply, or use {@link square}. The gradient of b is zero where a is zero.
 */
export const pow: (a: Operand, b: Operand) => Tensor = binary(
  "pow",
  (a, b) => `pow(${a}, ${b})`,
  ({ inputs: [a, b], output, g }) => [
    mul(g, mul(b!, pow(a!, sub(b!, 1)))),
    mul(g, where(greater(a!, 0), { then: mul(output, log(maximum(a!, 1.2e-38))), otherwise: 0 })),
  ],
);

/** -x. */
export const neg: (x: Operand) => Tensor = unary("neg", (x) => `(-${x})`, ({ g }) => [neg(g)]);

/** |x|, with gradient 0 at 0. */
export const abs: (x: Operand) => Tensor = unary("abs", (x) => `abs(${x})`, ({ inputs: [x], g }) => [mul(g, sign(x!))]);

/** -1, 0 or 1. Its gradient is zero. */
export const sign: (x: Operand) => Tensor = unary("sign", (x) => `sign(${x})`);

/** e^x. */
export const exp: (x: Operand) => Tensor = unary("exp", (x) => `exp(${x})`, ({ output, g }) => [mul(g, output)]);

/** Natural logarithm; -Infinity of 0 and NaN of less or of NaN, where WGSL leaves it to the driver. */
export const log: (x: Operand) => Tensor = unary(
  "log",
  (x, constant) => {
    const beyond = `select(${constant(NaN)}, ${constant(-Infinity)}, ${x} == T(0.0))`;
    return `select(${beyond}, log(${x}), ${x} > T(0.0))`;
  },
  ({ inputs: [x], g }) => [div(g, x!)],
);

/** Square root. */
export const sqrt: (x: Operand) => Tensor = unary(
  "sqrt",
  (x) => `sqrt(${x})`,
  ({ output, g }) => [div(mul(g, 0.5), output)],
);

/** x^2. */
export const square: (x: Operand) => Tensor = unary(
  "square",
  (x) => `(${x} * ${x})`,
  ({ inputs: [x], g }) => [mul(g, mul(x!, 2))],
);

/** 1 / x. */
export const reciprocal: (x: Operand) => Tensor = unary(
  "reciprocal",
  (x) => `(T(1.0) / ${x})`,
  ({ output, g }) => [neg(mul(g, square(output)))],
);

/** max(x, 0), with gradient 0 at 0. NaN stays NaN: `max(NaN, 0)` may be 0 in WGSL and would hide it. */
export const relu: (x: Operand) => Tensor = unary(
  "relu",
  (x) => `select(${x}, T(0.0), ${x} <= T(0.0))`,
  ({ output, g }) => [mul(g, greater(output, 0))],
);

/** 1 / (1 + e^-x), without overflow. */
export const sigmoid: (x: Operand) => Tensor = unary(
  "sigmoid",
  (x) => `(T(1.0) / (T(1.0) + exp(-${x})))`,
  ({ output, g }) => [mul(g, mul(output, sub(1, output)))],
);

/** Hyperbolic tangent. Clamped to +-10 first, where float32's tanh is +-1, because some drivers compute it through e^2x. */
export const tanh: (x: Operand) => Tensor = unary(
  "tanh",
  (x) => `tanh(clamp(${x}, T(-10.0), T(10.0)))`,
  ({ output, g }) => [mul(g, sub(1, square(output)))],
);

/** log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), without overflow. */
export const softplus: (x: Operand) => Tensor = unary(
  "softplus",
  // log(1 + t) loses t below 2^-24; for small t it is t - t^2 / 2 to float32's precision.
  (x) =>
    `(max(${x}, T(0.0)) + select(log(T(1.0) + exp(-abs(${x}))), exp(-abs(${x})) * (T(1.0) - T(0.5) * exp(-abs(${x}))), abs(${x}) > T(8.0)))`,
  ({ inputs: [x], g }) => [mul(g, sigmoid(x!))],
);

/** Gaussian error linear unit in Hendrycks' and Gimpel's tanh form: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). */
export function gelu(x: Operand): Tensor {
  const t = asTensor(x);
  const inner = mul(Math.sqrt(2 / Math.PI), add(t, mul(0.044715, mul(t, square(t)))));
  return mul(mul(t, 0.5), add(1, tanh(inner)));
}

/** x where x > 0, else slope * x. */
export function leakyRelu(x: Operand, slope = 0.01): Tensor {
  const t = asTensor(x);
  return where(greater(t, 0), { then: t, otherwise: mul(t, slope) });
}

/**
 * x limited to [min, max]; the gradient passes where min <= x <= max.
 *
 * @throws {RangeError} if min > max.
 */
export function clamp(x: Operand, options: { min: number; max: number }): Tensor {
  if (!(options.min <= options.max)) {
    throw new RangeError(`clamp() needs min <= max, got ${options.min} and ${options.max}`);
  }
  const t = asTensor(x);
  return where(greater(t, options.max), {
    then: options.max,
    otherwise: where(less(t, options.min), { then: options.min, otherwise: t }),
  });
}

/** 1 where a > b, else 0. Comparisons have no gradient. */
export const greater: (a: Operand, b: Operand) => Tensor = binary("greater", (a, b) => truth(`${a} > ${b}`));
/** 1 where a >= b, else 0. */
export const greaterEqual: (a: Operand, b: Operand) => Tensor = binary(
  "greater_equal",
  (a, b) => truth(`${a} >= ${b}`),
);
/** 1 where a < b, else 0. */
export const less: (a: Operand, b: Operand) => Tensor = binary("less", (a, b) => truth(`${a} < ${b}`));
/** 1 where a <= b, else 0. */
export const lessEqual: (a: Operand, b: Operand) => Tensor = binary("less_equal", (a, b) => truth(`${a} <= ${b}`));
/** 1 where a = b, else 0. */
export const equal: (a: Operand, b: Operand) => Tensor = binary("equal", (a, b) => truth(`${a} == ${b}`));
/** 1 where a != b, else 0. */
export const notEqual: (a: Operand, b: Operand) => Tensor = binary("not_equal", (a, b) => truth(`${a} != ${b}`));

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
export function where(condition: Operand, branches: { then: Operand; otherwise: Operand }): Tensor {
  return apply(whereOp, [asTensor(condition), asTensor(branches.then), asTensor(branches.otherwise)], {})[0]!;
}

const stopGradientOp = define("stop_gradient", ([x]) => `(${x})`);

/** x, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientOp, [x], {})[0]!;
}

const copyOp = define("copy", ([x]) => `(${x})`, ({ g }) => [g]);

/** x in memory of its own. */
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
