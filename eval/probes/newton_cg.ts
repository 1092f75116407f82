/**
 * Minimisation of smooth, strictly convex functions by a truncated Newton method.
 *
 * Each step solves the Newton equations inexactly by preconditioned conjugate gradients (J. Nocedal and S. Wright,
 * Numerical Optimization, 2006, algorithm 7.1), followed by a backtracking line search, which makes it globally
 * convergent: separable classes only shorten the first steps.
 *
 * @module
 */

/** A strictly convex function of `size` variables. */
export interface ConvexObjective {
  readonly size: number;
  /** Writes the gradient at `point` and returns the value; later products use the Hessian at this point. */
  evaluate(point: Float64Array, gradient: Float64Array): number;
  /** Writes the Hessian's product with `direction`. */
  hessianTimes(direction: Float64Array, product: Float64Array): void;
  /** Writes an approximate solution of Hessian x solution = residual; symmetric and positive definite. */
  precondition(residual: Float64Array, solution: Float64Array): void;
}

/** When to stop. */
export interface NewtonOptions {
  /** Newton step, in the Hessian's norm and relative to the solution, below which the next step is the last. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

/** A minimum and how it was found. */
export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  /** Newton steps taken. */
  readonly iterations: number;
  /** False if `maxIterations` was reached first. */
  readonly converged: boolean;
}

/** Norm of the gradient, relative to that at zero, above which a short step does not yet mean convergence. */
const FLAT = 1e-7;

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

function addScaled(x: Float64Array, scale: number, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += scale * y[i]!;
}

/** Solves Hessian x step = -gradient until the preconditioned residual has shrunk by `forcing`. */
function newtonStep(objective: ConvexObjective, gradient: Float64Array, forcing: number): Float64Array {
  const step = new Float64Array(objective.size);
  const residual = gradient.map((g) => -g);
  const preconditioned = new Float64Array(objective.size);
  const product = new Float64Array(objective.size);
  objective.precondition(residual, preconditioned);
  const direction = preconditioned.slice();
  let energy = dot(residual, preconditioned);
  const goal = forcing * forcing * energy;
  // In exact arithmetic `size` iterations suffice; twice as many allow for rounding.
  for (let round = 0; round < 2 * objective.size && energy > goal && energy > 0; round++) {
    objective.hessianTimes(direction, product);
    const curvature = dot(direction, product);
    if (!(curvature > 0)) break;
    const length = energy / curvature;
    addScaled(step, length, direction);
    addScaled(residual, -length, product);
    objective.precondition(residual, preconditioned);
    const next = dot(residual, preconditioned);
    for (let i = 0; i < direction.length; i++) direction[i] = preconditioned[i]! + next / energy * direction[i]!;
    energy = next;
  }
  return step;
}

/**
 * Minimises a strictly convex function from zero.
 *
 * @throws RangeError if the function's value at zero is not finite.
 */
export function minimise(objective: ConvexObjective, { tolerance, maxIterations }: NewtonOptions): Minimum {
  let point = new Float64Array(objective.size);
  let gradient = new Float64Array(objective.size);
  let value = objective.evaluate(point, gradient);
  if (!Number.isFinite(value)) throw new RangeError(`the objective is ${value} at zero and cannot be minimised`);
  const firstNorm = Math.sqrt(dot(gradient, gradient));
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const norm = Math.sqrt(dot(gradient, gradient));
    if (norm === 0) return { point, value, iterations: iteration, converged: true };
    const step = newtonStep(objective, gradient, Math.min(0.1, Math.sqrt(norm / firstNorm)));
    const slope = dot(gradient, step);
    // The step in the Hessian norm, which bounds the distance to the minimum if the Hessian is at least 1.
    const decrement = Math.sqrt(Math.max(0, -slope));
    let length = 1;
    let next = point;
    let nextValue = value;
    let nextGradient = gradient;
    for (; length > 1e-10; length /= 2) {
      const scale = length;
      next = point.map((x, i) => x + scale * step[i]!);
      nextGradient = new Float64Array(objective.size);
      nextValue = objective.evaluate(next, nextGradient);
      if (nextValue <= value + 1e-4 * length * slope) break;
      // Near the minimum, rounding hides the decrease of the value but not yet that of the gradient.
      const rounding = 1e-13 * Math.abs(value);
      if (nextValue <= value + rounding && dot(nextGradient, nextGradient) < dot(gradient, gradient)) break;
    }
    if (length <= 1e-10) return { point, value, iterations: iteration, converged: true };
    point = next;
    value = nextValue;
    gradient = nextGradient;
    const size = Math.sqrt(dot(point, point));
    // An inexactly solved step may be short although the gradient is not small, if large columns cancel.
    const flat = Math.sqrt(dot(gradient, gradient)) <= FLAT * firstNorm;
    if (flat && decrement <= tolerance * size) return { point, value, iterations: iteration + 1, converged: true };
  }
  return { point, value, iterations: maxIterations, converged: false };
}
