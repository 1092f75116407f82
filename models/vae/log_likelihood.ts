/**
 * Importance-weighted estimates of log-likelihoods under a trained multimodal VAE (Burda et al. 2016).
 *
 * @module
 */
import {
  add,
  aggregate,
  broadcastTo,
  concat,
  type InputData,
  logMixtureDensity,
  mixtureComponents,
  mul,
  neg,
  type ProgramResults,
  randomNormal,
  reparameterize,
  reshape,
  sizeOf,
  square,
  stack,
  sub,
  sum,
  type Tensor,
} from "../../runtime/mod.ts";
import { type BatchViews, viewBatch } from "../view_batch.ts";
import { isText, textInputs, textTensors, viewInputs, type ViewTensors, viewTensors } from "../view_inputs.ts";
import { negativeLogLikelihood } from "../layers/likelihoods.ts";
import { privatePart, sharedPart } from "../methods/private_latents.ts";
import type { Posterior } from "../networks/network.ts";
import { requireAnchor } from "./samples.ts";
import { viewOf } from "../view_of.ts";
import type { DrawOptions, VaeInference } from "./vae_inference.ts";

/** Number of images decoded at once if the batch is smaller. */
const ROWS = 512;

/** Options of {@link logLikelihood}. */
export interface LogLikelihoodOptions extends DrawOptions {
  /**
   * Indices of the views whose likelihood is estimated: one for the marginal likelihood, several for the joint one.
   */
  readonly of: readonly number[];
  /** Indices of the views that are given, none by default; otherwise the likelihood is conditional. */
  readonly given?: readonly number[];
  /** Draws of the latent per sample; bias and variance of the estimate decrease with their number. */
  readonly draws: number;
  /** Weight of the standard normal prior at the end of training, 0 by default; only used by the MMVM VAE. */
  readonly alpha?: number;
}

/** One estimate log 1/K sum_k w_k. */
interface Estimate {
  /** Views whose likelihood is estimated. */
  readonly explained: readonly number[];
  /** Views whose posteriors propose latents. */
  readonly proposing: readonly number[];
  /**
   * The mixture whose components propose latents; `joint`: the method's joint posterior proposes; `own`: the proposing
   * view's own posterior.
   */
  readonly proposal: "moe" | "mopoe" | "joint" | "own";
  /** How many of the last latent dimensions are private to the explained views, and drawn for each of them. */
  readonly privateDim: number;
  /**
   * Weigh p(x|z) by prior over proposal density, which makes an estimate under N(0, I); without, under the proposal
   * itself.
   */
  readonly weighed: boolean;
}

/**
 * Estimates log p(x_of) or log p(x_of | x_given) of each sample of a batch without missing views, in nats: [N].
 *
 * Draws z_k come from the posteriors of these views, stratified over the components of a mixture (MoE, MoPoE), and are
 * weighted by the density of the whole mixture q:
 *
 *     log p(x) ~ log 1/K sum_k p(x | z_k) p(z_k) / q(z_k)
 *
 * which is a lower bound in expectation and exact in the limit of many draws. With p(z) = N(0, I):
 *
 * - joint models explain all views by one latent, and log p(x_of | x_given) = log p(x_of, x_given) - log p(x_given);
 * - independent VAEs have one latent per view: the views' log-likelihoods add, and given views carry no information;
 * - private latents w of the explained views are drawn from their posteriors, which enter as p(w_m) / q(w_m | x_m);
 * - the MMVM VAE at alpha = 0 has no fixed prior, hence no marginal or joint likelihood; given a view, its prediction
 *   is that of the latents of that view: log 1/K sum_k p(x_of | z_k) with z_k from the mixture of the given views'
 *   posteriors, and private latents from N(0, I). Trained with alpha above 0 it has the marginal likelihoods of
 *   independent VAEs.
 *
 * @throws {RangeError} for views that the model does not have, or if the method has no such likelihood.
 */
export async function logLikelihood(
  model: VaeInference,
  batch: BatchViews,
  options: LogLikelihoodOptions,
): Promise<Float64Array> {
  const { of, given = [], draws } = options;
  const { method: { prior, aggregation }, privateDim } = model.vae;
  requireSelection(model, options);
  const estimate = (about: Estimate) => estimateLog(model, batch, { ...options, about, draws });
  if (prior === "annealed" && given.length > 0) {
    return await estimate({ explained: of, proposing: given, proposal: "moe", privateDim, weighed: false });
  }
  if (prior !== "shared") {
    requireAnchor(model.vae, { alpha: options.alpha ?? 0, use: "marginal or joint likelihood" });
    let total: Float64Array | undefined;
    for (const view of of) {
      // The prior of the whole latent is N(0, I), so its parts need no distinction.
      const part = await estimate({
        explained: [view],
        proposing: [view],
        proposal: "own",
        privateDim: 0,
        weighed: true,
      });
      total = total ? total.map((value, n) => value + part[n]!) : part;
    }
    return total!;
  }
  const proposal = aggregation === "moe" || aggregation === "mopoe" ? aggregation : "joint";
  const joint = (views: readonly number[]) =>
    estimate({ explained: views, proposing: views, proposal, privateDim, weighed: true });
  const all = await joint([...of, ...given]);
  if (given.length === 0) return all;
  const known = await joint(given);
  return all.map((value, n) => value - known[n]!);
}

function requireSelection(model: VaeInference, { of, given = [], draws }: LogLikelihoodOptions): void {
  model.requireViews([...of, ...given]);
  if (of.length === 0 || new Set([...of, ...given]).size !== of.length + given.length) {
    throw new RangeError(
      `a likelihood is of one or more views, none of them given or named twice, not of [${of}] given [${given}]`,
    );
  }
  if (!Number.isInteger(draws) || draws < 1) {
    throw new RangeError(`draws must be a whole number from 1 up, got ${draws}`);
  }
}

async function estimateLog(
  model: VaeInference,
  batch: BatchViews,
  options: DrawOptions & { about: Estimate; draws: number },
): Promise<Float64Array> {
  const { about, draws, seed = 0, step = 0 } = options;
  const components = setsOf(about).length;
  const samples = model.shape.batchSize;
  // A small batch is decoded for several draws at once, because a readback from the GPU costs more than the decoding.
  const copies = Math.max(1, Math.min(Math.floor(ROWS / (components * samples)), Math.ceil(draws / components)));
  const rounds = Math.ceil(draws / (components * copies));
  const name = `likelihood ${JSON.stringify([about, copies])}`;
  const program = await model.program(name, () => buildWeights(model, { about, copies }));
  const sums = Array.from({ length: samples }, () => new LogSum());
  const inputs = { ...viewInputs(batch), ...repeatedTexts(model, batch, { about, times: components * copies }) };
  for (let round = 0; round < rounds; round++) {
    program.run(inputs, { seed, step: step * rounds + round });
    const [weights] = await program.read("weights");
    weights!.forEach((weight, i) => sums[i % samples]!.add(weight));
  }
  return Float64Array.from(sums, (sum) => sum.value - Math.log(rounds * copies * components));
}

/** Log weights [components, copies N] of some draws from each component. */
function buildWeights(model: VaeInference, options: { about: Estimate; copies: number }): ProgramResults {
  const { about, copies } = options;
  const { vae } = model;
  const views = viewTensors(model.shape);
  const posterior = vae.encode(model.scope, views);
  const { mu, logvar } = componentsOf(model, posterior, about);
  const components = { mu: repeatSamples(mu, copies), logvar: repeatSamples(logvar, copies) };
  const [count, samples, width] = components.mu.shape as [number, number, number];
  const eps = randomNormal(components.mu.shape, { stream: model.scope.stream("importance draws") });
  const z = reparameterize(components.mu, components.logvar, { eps });
  const rows = reshape(z, [count * samples, width]);
  const own = about.privateDim > 0 ? drawPrivate(model, posterior, { about, copies, count }) : undefined;
  const each = about.explained.map((view, i) => {
    const repeated = repeatView(model, views[view]!, { view, times: count * copies });
    const output = vae.decodeView(model.scope, own ? concat([rows, own[i]!.w], 1) : rows, view);
    const log = neg(negativeLogLikelihood(output, repeated, vae.config.likelihood));
    const ratio = own?.[i]?.ratio;
    return reshape(ratio ? add(log, ratio) : log, [count, samples]);
  });
  const likelihood = each.reduce((a, b) => add(a, b));
  if (!about.weighed) return { outputs: { weights: likelihood } };
  const prior = mul(-0.5, sum(add(square(z), Math.log(2 * Math.PI)), { axes: -1 }));
  return { outputs: { weights: add(likelihood, sub(prior, logMixtureDensity(z, components))) } };
}

/**
 * Draws of each explained view's private latent, [components copies N, P]: from its posterior, with the logarithm of
 * prior over posterior density, or if not weighed from N(0, I).
 */
function drawPrivate(
  model: VaeInference,
  posterior: Posterior,
  { about, copies, count }: { about: Estimate; copies: number; count: number },
): { w: Tensor; ratio?: Tensor }[] {
  const { mu, logvar } = privatePart(posterior, about.privateDim);
  return about.explained.map((view) => {
    const stream = model.scope.stream(`private importance draws ${view}`);
    const eps = randomNormal([count * copies * mu.shape[1]!, about.privateDim], { stream });
    if (!about.weighed) return { w: eps };
    const repeated = (x: Tensor) => viewOf(repeatSamples(stack([viewOf(x, view)]), count * copies), 0);
    const q = { mu: repeated(mu), logvar: repeated(logvar) };
    const w = reparameterize(q.mu, q.logvar, { eps });
    return { w, ratio: mul(0.5, sum(sub(add(square(eps), q.logvar), square(w)), { axes: -1 })) };
  });
}

/** The proposing views of each component, as bit sets over their places in `about.proposing`. */
function setsOf({ proposal, proposing }: Estimate): number[] {
  return mixtureComponents(proposal === "moe" || proposal === "mopoe" ? proposal : "poe", proposing.length);
}

/**
 * The components of a mixture of the proposing views' posteriors, stacked [components, N, S]; one for the other
 * proposals.
 */
function componentsOf({ vae }: VaeInference, posterior: Posterior, about: Estimate): Posterior {
  const parts = setsOf(about).map((set) => {
    const views = about.proposing.filter((_, i) => Math.floor(set / 2 ** i) % 2 === 1);
    const chosen = {
      mu: stack(views.map((m) => viewOf(posterior.mu, m))),
      logvar: stack(views.map((m) => viewOf(posterior.logvar, m))),
    };
    if (about.proposal === "joint") return vae.aggregate(chosen, {});
    const { mu, logvar } = sharedPart(chosen, about.privateDim);
    return aggregate(mu, logvar, { method: "poe" });
  });
  return { mu: stack(parts.map(({ mu }) => mu)), logvar: stack(parts.map(({ logvar }) => logvar)) };
}

/** [A, N, ...] as [A, times N, ...], all samples one time after another. */
function repeatSamples(x: Tensor, times: number): Tensor {
  const [parts, samples, ...rest] = x.shape as [number, number, ...number[]];
  const size = sizeOf([samples, ...rest]);
  const repeated = broadcastTo(reshape(x, [parts, 1, size]), [parts, times, size]);
  return reshape(repeated, [parts, times * samples, ...rest]);
}

/** A view whose samples are repeated, all of them one time after another. */
function repeatView(model: VaeInference, given: ViewTensors, at: { view: number; times: number }): ViewTensors {
  const { view, times } = at;
  if (!isText(given)) return viewOf(repeatSamples(stack([given]), times), 0);
  // Tokens are few, so the host repeats them; see `repeatedTexts()`.
  const [samples, length] = given.tokens.shape as [number, number];
  return textTensors(model.vae.texts.indexOf(view), { samples: times * samples, length, name: REPEATED });
}

/** Prefix of the inputs with repeated texts. */
const REPEATED = "repeated ";

/** The values of the inputs that {@link repeatView} declares. */
function repeatedTexts(
  model: VaeInference,
  batch: BatchViews,
  { about, times }: { about: Estimate; times: number },
): Record<string, InputData> {
  const { texts = [] } = viewBatch(batch);
  const each = model.vae.texts.flatMap((view, i) => {
    if (!about.explained.includes(view)) return [];
    const repeated = (data: ArrayLike<number>) =>
      Uint32Array.from({ length: times * data.length }, (_, k) => data[k % data.length]!);
    const { tokens, lengths } = texts[i]!;
    return [textInputs(i, { tokens: repeated(tokens), lengths: repeated(lengths), name: REPEATED })];
  });
  return Object.assign({}, ...each);
}

/** Streaming log-sum-exp in float64. */
class LogSum {
  #peak = -Infinity;
  #sum = 0;

  add(value: number): void {
    if (value > this.#peak) {
      this.#sum = this.#sum * Math.exp(this.#peak - value) + 1;
      this.#peak = value;
    } else {
      this.#sum += Math.exp(value - this.#peak);
    }
  }

  get value(): number {
    return this.#peak + Math.log(this.#sum);
  }
}
