/**
 * Values that change from step to step: learning rates, the MMVM's alpha, beta. A schedule is a pure function of the
 * step (from 0), so that resumed runs continue exactly.
 *
 * @example Cosine learning rate with warm-up, and the MMVM paper's alpha
 * ```ts
 * const falling = delay(cosine({ from: 5e-5, to: 0, steps: 9_500 }), { steps: 500 });
 * const learningRate = warmup(falling, { steps: 500 });
 * const alpha = exponential({ from: 1, to: 1e-10, steps: 150_000 });
 * ```
 *
 * @module
 */

/** The value at a step, 0 being the first. */
export type Schedule = (step: number) => number;

/** First value, last value and length of a schedule. */
export interface Course {
  /** Value at step 0. */
  readonly from: number;
  /** Value from step `steps` on. */
  readonly to: number;
  /** Number of steps from the first to the last value. */
  readonly steps: number;
}

/** A constant schedule. */
export function constant(value: number): Schedule {
  requireFinite("constant", value);
  return () => value;
}

/** Linear from `from` at step 0 to `to` at step `steps`, then constant. */
export function linear(course: Course): Schedule {
  const { from, to, steps } = checked("linear", course);
  return (step) => (step >= steps ? to : from + (to - from) * (step / steps));
}

/**
 * Cosine decay from `from` at step 0 to `to` at step `steps`, then constant (Loshchilov and Hutter 2017, SGDR,
 * without restarts).
 */
export function cosine(course: Course): Schedule {
  const { from, to, steps } = checked("cosine", course);
  return (step) => (step >= steps ? to : to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * step / steps)));
}

/**
 * Exponential: from (to / from)^(step / steps), which continues beyond `steps`.
 *
 * With `from` 1, `to` 1e-10 and 150,000 steps it is the MMVM paper's alpha, e^(ln(1e-10) step / 150000); with `to` =
 * gamma `from` and `steps` 1 the usual learning-rate decay by gamma.
 *
 * @throws {RangeError} unless both values are positive.
 */
export function exponential(course: Course): Schedule {
  const { from, to, steps } = checked("exponential", course);
  if (!(from > 0 && to > 0)) {
    throw new RangeError(
      `exponential() needs positive values, got ${from} to ${to}; a linear or cosine schedule can reach 0`,
    );
  }
  const rate = Math.log(to / from) / steps;
  return (step) => from * Math.exp(rate * step);
}

/** Linear warm-up: scales `after` by 1/steps at step 0 up to 1 at step `steps` - 1. `after` starts at step 0, too. */
export function warmup(after: Schedule, options: { steps: number }): Schedule {
  const { steps } = options;
  requireSteps("warmup", steps);
  return (step) => after(step) * Math.min(1, (step + 1) / steps);
}

/** Holds `after` at its first value for `steps` steps, from which on it runs: the decay after a warm-up. */
export function delay(after: Schedule, options: { steps: number }): Schedule {
  const { steps } = options;
  requireSteps("delay", steps);
  return (step) => after(Math.max(0, step - steps));
}

function checked(name: string, course: Course): Course {
  requireFinite(name, course.from);
  requireFinite(name, course.to);
  requireSteps(name, course.steps);
  return course;
}

function requireFinite(name: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name}() needs finite values, got ${value}`);
}

function requireSteps(name: string, steps: number): void {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`${name}() needs a positive whole number of steps, got ${steps}`);
  }
}
