/**
 * Reads golden values of models: `models.safetensors` (images) and `text.safetensors` (texts, alone or beside images).
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { VaeConfig, ViewBatch } from "../../models/mod.ts";
import { type GoldenTensor, readGoldenFile } from "./golden_file.ts";

const stats = z.record(z.string(), z.object({ l2: z.number(), sum: z.number() }));

const common = {
  id: z.string(),
  method: z.string(),
  alpha: z.number(),
  beta: z.number(),
  image_size: z.int(),
  filter_dim: z.int(),
  latent_dim: z.int(),
  batch: z.int(),
  likelihood: z.object({ name: z.enum(["laplace", "gaussian", "bernoulli"]), scale: z.number() }),
  optimizer: z.object({ lr: z.number(), betas: z.tuple([z.number(), z.number()]), eps: z.number() }),
  steps: z.int(),
  params: z.record(z.string(), z.string()),
  x: z.array(z.string()),
  eps: z.string(),
  trajectory: z.array(z.array(z.number()).min(3)),
  grad_stats_step0: stats,
  grads_step0: z.record(z.string(), z.string()),
  final_stats: stats,
  eval_latents: z.array(z.tuple([z.string(), z.string()])),
};

const imageCase = z.object({ ...common, views: z.int() });

const textCase = z.object({
  ...common,
  views: z.array(z.string()).min(1),
  text_length: z.int(),
  vocabulary: z.int(),
  text_filter_dim: z.int(),
  text_weight: z.number(),
  lengths: z.array(z.int()),
  eval_text_logits: z.string(),
});

/** The name of the text view in the files. */
const TEXT = "text";

/** Methods that the files name differently. */
const METHODS: Readonly<Record<string, string>> = { unimodal: "independent" };

/** Norm and sum of tensors by name. */
export type TensorStats = z.infer<typeof stats>;

/** A case: a model, its state, a batch, and what follows from them. */
export interface GoldenModel {
  readonly id: string;
  readonly config: VaeConfig;
  readonly batchSize: number;
  readonly batch: ViewBatch;
  readonly alpha: number;
  readonly beta: number;
  readonly learningRate: number;
  readonly epsilon: number;
  readonly steps: number;
  readonly parameters: ReadonlyMap<string, GoldenTensor>;
  /** The noise of all steps, [steps, M, N, D]. */
  readonly noise: Float32Array;
  /** Loss, reconstruction and KL before each step, and for texts each view's negative log-likelihood. */
  readonly trajectory: readonly (readonly number[])[];
  readonly gradientStats: TensorStats;
  readonly gradients: ReadonlyMap<string, GoldenTensor>;
  readonly finalStats: TensorStats;
  /** mu and logvar of each view in evaluation mode. */
  readonly latents: readonly (readonly [mu: GoldenTensor, logvar: GoldenTensor])[];
  /** A text view's number, and its logits from mu of its own posterior in evaluation mode, [N, V, L]. */
  readonly text?: { readonly view: number; readonly logits: GoldenTensor };
}

type Common = Omit<z.infer<typeof imageCase>, "views">;
type Lookup = (name: string) => GoldenTensor;

/** @throws {DataError} naming the file and the fault. */
export async function readImageModels(directory: string): Promise<GoldenModel[]> {
  const file = await readGoldenFile(join(directory, "models.safetensors"), imageCase);
  return file.cases.map((golden) => {
    const views = Array.from({ length: golden.views }, (_, m) => `view ${m}`);
    const pixels = golden.x.map((name) => file.tensor(name).data);
    return { ...commonOf(golden, file.tensor), config: configOf(golden, views), batch: { pixels } };
  });
}

/** @throws {DataError} naming the file and the fault. */
export async function readTextModels(directory: string): Promise<GoldenModel[]> {
  const file = await readGoldenFile(join(directory, "text.safetensors"), textCase);
  return file.cases.map((golden) => {
    const { views, text_length: length, vocabulary, text_filter_dim: filterDim } = golden;
    const view = views.indexOf(TEXT);
    const pixels = golden.x.filter((_, m) => m !== view).map((name) => file.tensor(name).data);
    const tokens = Uint32Array.from(file.tensor(golden.x[view]!).data);
    return {
      ...commonOf(golden, file.tensor),
      config: {
        ...configOf(golden, views),
        texts: { [TEXT]: { length, vocabulary, filterDim } },
        viewWeights: views.map((_, m) => m === view ? golden.text_weight : 1),
      },
      batch: { pixels, texts: [{ tokens, lengths: Uint32Array.from(golden.lengths) }] },
      text: { view, logits: file.tensor(golden.eval_text_logits) },
    };
  });
}

function configOf(golden: Common, views: readonly string[]): VaeConfig {
  return {
    method: METHODS[golden.method] ?? golden.method,
    views,
    network: "residual",
    imageSize: golden.image_size,
    filterDim: golden.filter_dim,
    latentDim: golden.latent_dim,
    dropout: 0,
    likelihood: golden.likelihood,
  };
}

function commonOf(golden: Common, tensor: Lookup): Omit<GoldenModel, "config" | "batch" | "text"> {
  const named = (names: Readonly<Record<string, string>>) =>
    new Map(Object.entries(names).map(([name, stored]) => [name, tensor(stored)]));
  return {
    id: golden.id,
    batchSize: golden.batch,
    alpha: golden.alpha,
    beta: golden.beta,
    learningRate: golden.optimizer.lr,
    epsilon: golden.optimizer.eps,
    steps: golden.steps,
    parameters: named(golden.params),
    noise: tensor(golden.eps).data,
    trajectory: golden.trajectory,
    gradientStats: golden.grad_stats_step0,
    gradients: named(golden.grads_step0),
    finalStats: golden.final_stats,
    latents: golden.eval_latents.map(([mu, logvar]) => [tensor(mu), tensor(logvar)]),
  };
}
