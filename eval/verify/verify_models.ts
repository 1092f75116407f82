/**
 * Checks models end to end against golden values (`models.safetensors`, `text.safetensors`): trajectories of loss,
 * reconstruction and KL over Adam steps, gradients, the final state, latents in evaluation mode, and logits of texts.
 *
 * @module
 */
import { createVaeTrainer, type HostTensor, lossOf, VaeInference } from "../../models/mod.ts";
import { type Device, input, permute, type Precision } from "../../runtime/mod.ts";
import type { VerifiedQuantity } from "./verify_metrics.ts";
import { relativeNorm } from "./golden_file.ts";
import { type GoldenModel, readImageModels, readTextModels, type TensorStats } from "./golden_models.ts";

/**
 * Gradient norms below this are float64 rounding errors of gradients that are zero in exact arithmetic, such as those
 * of a convolution's bias in front of a batch norm. Their float32 rounding errors scale with the terms that cancel, so
 * they are compared with the norm of the whole gradient.
 */
const TRUE_ZERO = 1e-9;
const FLOAT32_EPSILON = 2 ** -23;
/** Tolerance of what is measured after the last step. */
const FINAL_TOLERANCE = 1e-2;

/** Options of {@linkcode verifyModels} and {@linkcode verifyTexts}. */
export interface VerifyModelsOptions {
  /** A directory of golden values. */
  readonly directory: string;
  /**
   * Precision of the models; `f32` by default. Tolerances are those of float32, so that `f16` shows its loss of
   * accuracy.
   */
  readonly precision?: Precision;
  /** Called after each case. */
  readonly onCase?: (rows: readonly VerifiedQuantity[]) => void;
}

/** Runs and compares every case of `models.safetensors`. */
export async function verifyModels(device: Device, options: VerifyModelsOptions): Promise<VerifiedQuantity[]> {
  return await verifyCases(device, { ...options, cases: await readImageModels(options.directory) });
}

/** Runs and compares every case of `text.safetensors`. */
export async function verifyTexts(device: Device, options: VerifyModelsOptions): Promise<VerifiedQuantity[]> {
  return await verifyCases(device, { ...options, cases: await readTextModels(options.directory) });
}

async function verifyCases(
  device: Device,
  options: VerifyModelsOptions & { cases: readonly GoldenModel[] },
): Promise<VerifiedQuantity[]> {
  const all: VerifiedQuantity[] = [];
  for (const golden of options.cases) {
    const rows = await verifyModel(device, golden, options.precision ?? "f32");
    options.onCase?.(rows);
    all.push(...rows);
  }
  return all;
}

async function verifyModel(device: Device, golden: GoldenModel, precision: Precision): Promise<VerifiedQuantity[]> {
  const { config, batchSize, batch, alpha, beta, epsilon, learningRate, noise, text } = golden;
  const common = { config, batchSize, seed: 0, floatImages: true, precision };
  using trainer = await createVaeTrainer(device, { ...common, epsilon, givenNoise: true, keepGradients: true });
  trainer.write(golden.parameters);
  const size = noise.length / golden.steps;
  const rows: VerifiedQuantity[] = [];
  const quantities = ["loss", "reconstruction", "kl", ...(text ? config.views.map(lossOf) : [])];
  for (let step = 0; step < golden.steps; step++) {
    const eps = noise.slice(step * size, (step + 1) * size);
    trainer.step({ ...batch, noise: eps }, { step, learningRate, alpha, beta });
    const [entry] = await trainer.readMetrics();
    rows.push(
      row(golden, `trajectory ${step}`, {
        got: quantities.map((name) => entry!.values[name] ?? NaN),
        want: golden.trajectory[step]!,
        tolerance: step === 0 ? 2e-5 : 3e-3,
        each: true,
      }),
    );
    if (step === 0) rows.push(...compareGradients(golden, await trainer.readGradients()));
  }
  const state = await trainer.read();
  rows.push(...compareState(golden, state));
  using model = VaeInference.open(device, common);
  model.write(state);
  const { mu, logvar } = await model.encode(batch);
  golden.latents.forEach((want, m) => {
    const tolerance = FINAL_TOLERANCE;
    rows.push(row(golden, `latent mu ${m}`, { got: mu[m]!, want: want[0].data, tolerance }));
    rows.push(row(golden, `latent logvar ${m}`, { got: logvar[m]!, want: want[1].data, tolerance }));
  });
  if (text) {
    const got = await textLogits(model, { view: text.view, mu: mu[text.view]! });
    rows.push(row(golden, "text logits", { got, want: text.logits.data, tolerance: FINAL_TOLERANCE }));
  }
  return rows;
}

/** A text's logits from latents [N, D], as the files have them: [N, V, L]. */
async function textLogits(
  model: VaeInference,
  { view, mu }: { view: number; mu: Float32Array },
): Promise<Float32Array> {
  const { shape: { batchSize }, vae } = model;
  const program = await model.program("text logits", () => {
    const z = input("mu", { shape: [batchSize, vae.config.latentDim] });
    return { outputs: { logits: permute(vae.decodeView(model.scope, z, view), [0, 1, 3, 2]) } };
  });
  program.run({ mu });
  const [logits] = await program.read("logits");
  return logits!;
}

function row(
  golden: GoldenModel,
  quantity: string,
  options: { got: ArrayLike<number>; want: ArrayLike<number>; tolerance: number; each?: boolean },
): VerifiedQuantity {
  const { got, want, tolerance, each = false } = options;
  const error = each
    ? Math.max(...Array.from(want, (value, i) => relativeNorm([got[i]!], [value])))
    : relativeNorm(got, want);
  return { case: golden.id, quantity, relativeError: error, tolerance, pass: error <= tolerance };
}

function norm(data: Float32Array): number {
  return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
}

/** The largest error of any tensor's l2 norm, relative to (want + floor). */
function worstNorm(
  golden: GoldenModel,
  quantity: string,
  options: {
    got: ReadonlyMap<string, HostTensor>;
    want: TensorStats;
    floor: number;
    tolerance: number;
  },
): VerifiedQuantity {
  const { got, want, floor, tolerance } = options;
  let error = 0;
  for (const [name, { l2 }] of Object.entries(want)) {
    const found = got.get(name);
    error = Math.max(error, found ? Math.abs(norm(found.data) - l2) / (l2 + floor) : Infinity);
  }
  return { case: golden.id, quantity, relativeError: error, tolerance, pass: error <= tolerance };
}

function compareGradients(
  golden: GoldenModel,
  got: ReadonlyMap<string, HostTensor>,
): VerifiedQuantity[] {
  const stats = Object.entries(golden.gradientStats);
  const zero = stats.filter(([, { l2 }]) => l2 < TRUE_ZERO);
  const other = stats.filter(([, { l2 }]) => l2 >= TRUE_ZERO);
  const whole = Math.hypot(...other.map(([, { l2 }]) => l2));
  return [
    worstNorm(golden, "gradient norms", { got, want: Object.fromEntries(other), floor: 0.1, tolerance: 1e-3 }),
    worstNorm(golden, "gradients that are truly zero", {
      got,
      want: Object.fromEntries(zero),
      floor: whole,
      tolerance: FLOAT32_EPSILON,
    }),
    ...[...golden.gradients].map(([name, { data: want }]) =>
      row(golden, `gradient of ${name}`, { got: got.get(name)?.data ?? [], want, tolerance: 1e-4 })
    ),
  ];
}

function compareState(golden: GoldenModel, got: ReadonlyMap<string, HostTensor>): VerifiedQuantity[] {
  return [worstNorm(golden, "final state norms", { got, want: golden.finalStats, floor: 0.01, tolerance: 5e-3 })];
}
