/**
 * Optimisers in float64, as their papers (and PyTorch) write them.
 *
 * @module
 */

/** Settings of one step. */
export interface AdamStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly decoupled: boolean;
  /** From 1. */
  readonly step: number;
}

/** Parameters and moments, changed in place. */
export interface AdamState {
  readonly parameters: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** One step of Adam (L2 weight decay) or AdamW (decoupled). */
export function adamStep(state: AdamState, gradient: ArrayLike<number>, settings: AdamStep): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = settings;
  const { parameters, m, v } = state;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i]! + (decoupled ? 0 : weightDecay * parameters[i]!);
    if (decoupled) parameters[i]! *= 1 - learningRate * weightDecay;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const mHat = m[i]! / (1 - beta1 ** step);
    const vHat = v[i]! / (1 - beta2 ** step);
    parameters[i]! -= learningRate * mHat / (Math.sqrt(vHat) + epsilon);
  }
}

/** Settings of one step of gradient descent. */
export interface SgdStep {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly decoupled: boolean;
  readonly nesterov: boolean;
}

/** One step of gradient descent with momentum; parameters and velocity are changed in place. */
export function sgdStep(
  state: { readonly parameters: Float64Array; readonly velocity: Float64Array },
  gradient: ArrayLike<number>,
  settings: SgdStep,
): void {
  const { learningRate, momentum, weightDecay, decoupled, nesterov } = settings;
  const { parameters, velocity } = state;
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i]! + (decoupled ? 0 : weightDecay * parameters[i]!);
    if (decoupled) parameters[i]! *= 1 - learningRate * weightDecay;
    velocity[i] = momentum * velocity[i]! + g;
    parameters[i]! -= learningRate * (nesterov ? g + momentum * velocity[i]! : velocity[i]!);
  }
}
