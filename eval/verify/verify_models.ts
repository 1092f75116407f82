/**
 * Checks models end to end against golden values (`models.safetensors`): trajectories of loss, reconstruction and KL
 * over Adam steps, gradients, the final state, and latents in evaluation mode.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { createVaeTrainer, type HostTensor, VaeInference } from "../../models/mod.ts";
import type { Device, Precision } from "../../runtime/mod.ts";
import type { VerifiedQuantity } from "./verify_metrics.ts";
import { type GoldenFile, readGoldenFile, relativeNorm } from "./golden_file.ts";

const stats = z.record(z.string(), z.object({ l2: z.number(), sum: z.number() }));

const caseSchema = z.object({
  id: z.string(),
  method: z.string(),
  alpha: z.number(),
  beta: z.number(),
  image_size: z.int(),
  filter_dim: z.int(),
  latent_dim: z.int(),
  batch: z.int(),
  views: z.int(),
  likelihood: z.object({ name: z.enum(["laplace", "gaussian", "bernoulli"]), scale: z.number() }),
  optimizer: z.object({ lr: z.number(), betas: z.tuple([z.number(), z.number()]), eps: z.number() }),
  steps: z.int(),
  params: z.record(z.string(), z.string()),
  x: z.array(z.string()),
  eps: z.string(),
  trajectory: z.array(z.tuple([z.number(), z.number(), z.number()])),
  grad_stats_step0: stats,
  grads_step0: z.record(z.string(), z.string()),
  final_stats: stats,
  eval_latents: z.array(z.tuple([z.string(), z.string()])),
});

type GoldenModel = z.infer<typeof caseSchema>;

/** Methods that the files name differently. */
const METHODS: Readonly<Record<string, string>> = { unimodal: "independent" };

/**
 * Gradient norms below this are float64 rounding errors of gradients that are zero in exact arithmetic, such as those
 * of a convolution's bias in front of a batch norm. Their float32 rounding errors scale with the terms that cancel, so
 * they are compared with the norm of the whole gradient.
 */
const TRUE_ZERO = 1e-9;
const FLOAT32_EPSILON = 2 ** -23;

/**
 * Runs and compares every case.
 *
 * @param options.precision Precision of the models; `f32` by default. Tolerances are those of float32, so that `f16`
 * shows its loss of accuracy.
 */
export async function verifyModels(
  device: Device,
  options: {
    directory: string;
    precision?: Precision;
    onCase?: (rows: readonly VerifiedQuantity[]) => void;
  },
): Promise<VerifiedQuantity[]> {
  const file = await readGoldenFile(join(options.directory, "models.safetensors"), caseSchema);
  const all: VerifiedQuantity[] = [];
  for (const golden of file.cases) {
    const rows = await verifyModel(device, golden, { file, precision: options.precision ?? "f32" });
    options.onCase?.(rows);
    all.push(...rows);
  }
  return all;
}

async function verifyModel(
  device: Device,
  golden: GoldenModel,
  { file, precision }: { file: GoldenFile<GoldenModel>; precision: Precision },
): Promise<VerifiedQuantity[]> {
  const { batch, views, image_size: imageSize } = golden;
  const config = {
    method: METHODS[golden.method] ?? golden.method,
    views: Array.from({ length: views }, (_, m) => `view ${m}`),
    network: "residual",
    imageSize,
    filterDim: golden.filter_dim,
    latentDim: golden.latent_dim,
    dropout: 0,
    likelihood: golden.likelihood,
  };
  const common = { config, batchSize: batch, seed: 0, floatImages: true, precision };
  using trainer = await createVaeTrainer(device, {
    ...common,
    epsilon: golden.optimizer.eps,
    givenNoise: true,
    keepGradients: true,
  });
  trainer.write(new Map(Object.entries(golden.params).map(([name, tensor]) => [name, file.tensor(tensor)])));
  const images = golden.x.map((name) => file.tensor(name).data);
  const noise = file.tensor(golden.eps).data;
  const size = noise.length / golden.steps;
  const rows: VerifiedQuantity[] = [];
  for (let step = 0; step < golden.steps; step++) {
    trainer.step({ pixels: images, noise: noise.slice(step * size, (step + 1) * size) }, {
      step,
      learningRate: golden.optimizer.lr,
      alpha: golden.alpha,
      beta: golden.beta,
    });
    const [entry] = await trainer.readMetrics();
    const { loss, reconstruction, kl } = entry!.values as Record<"loss" | "reconstruction" | "kl", number>;
    const tolerance = step === 0 ? 2e-5 : 3e-3;
    rows.push(
      row(golden, `trajectory ${step}`, {
        got: [loss, reconstruction, kl],
        want: golden.trajectory[step]!,
        tolerance,
        each: true,
      }),
    );
    if (step === 0) rows.push(...compareGradients(golden, file, await trainer.readGradients()));
  }
  rows.push(...compareState(golden, await trainer.read()));
  using model = VaeInference.open(device, common);
  model.write(await trainer.read());
  const { mu, logvar } = await model.encode(images);
  golden.eval_latents.forEach(([muName, logvarName], m) => {
    rows.push(row(golden, `latent mu ${m}`, { got: mu[m]!, want: file.tensor(muName).data, tolerance: 1e-2 }));
    rows.push(
      row(golden, `latent logvar ${m}`, { got: logvar[m]!, want: file.tensor(logvarName).data, tolerance: 1e-2 }),
    );
  });
  return rows;
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
    want: Readonly<Record<string, { l2: number }>>;
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
  file: GoldenFile<GoldenModel>,
  got: ReadonlyMap<string, HostTensor>,
): VerifiedQuantity[] {
  const stats = Object.entries(golden.grad_stats_step0);
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
    ...Object.entries(golden.grads_step0).map(([name, tensor]) =>
      row(golden, `gradient of ${name}`, {
        got: got.get(name)?.data ?? [],
        want: file.tensor(tensor).data,
        tolerance: 1e-4,
      })
    ),
  ];
}

function compareState(golden: GoldenModel, got: ReadonlyMap<string, HostTensor>): VerifiedQuantity[] {
  return [worstNorm(golden, "final state norms", { got, want: golden.final_stats, floor: 0.01, tolerance: 5e-3 })];
}
