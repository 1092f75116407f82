/**
 * Samples new images and texts from a trained multimodal VAE.
 *
 * @module
 */
import { aggregate, randomNormal, reparameterize, reshape, type Tensor, where } from "../../runtime/mod.ts";
import { isMixture } from "../methods/component_draw.ts";
import type { AggregateContext } from "../methods/method.ts";
import { joined, privatePart, sharedPart } from "../methods/private_latents.ts";
import type { Posterior } from "../networks/network.ts";
import type { BatchViews } from "../view_batch.ts";
import { viewInputs, viewTensors } from "../view_inputs.ts";
import type { Vae } from "./vae.ts";
import type { DrawOptions, VaeInference, ViewSelection } from "./vae_inference.ts";

/** Smallest alpha at which the standard normal prior is considered to anchor the latents of the MMVM VAE. */
export const ANCHORING_ALPHA = 1e-3;

/**
 * Samples variations of a batch, one array per view as by `VaeInference.decode()`: latents are drawn from the
 * posteriors instead of a prior. Joint models draw from the joint posterior, the MMVM VAE from the mixture of the
 * views' posteriors, and decode every view from the same latent; independent VAEs draw for each view from its own
 * posterior. Private latents are drawn from the view's own posterior, or from N(0, I) for a view that is not used.
 */
export async function samplePosterior(
  model: VaeInference,
  batch: BatchViews,
  options: ViewSelection & DrawOptions = {},
): Promise<Float32Array[]> {
  const { vae } = model;
  const { method } = vae;
  requireDistributions(vae, { use: "posteriors to draw from" });
  const aggregation = method.prior === "each"
    ? undefined
    : method.aggregation ?? (method.aggregate ? undefined : "moe");
  const assigned = isMixture(aggregation);
  const program = await model.program("sample posterior", () => {
    const posterior = vae.encode(model.scope, viewTensors(model.shape));
    const stream = model.scope.stream("posterior samples");
    const drawn = ({ mu, logvar }: Posterior, from = stream) =>
      reparameterize(mu, logvar, { eps: randomNormal(mu.shape, { stream: from }) });
    const selected = model.selectionInputs({ assigned });
    if (method.prior === "each") return model.decoded(drawn(posterior));
    const z = drawn(jointOf(model, posterior, selected));
    const shared = reshape(z, [1, ...z.shape]);
    if (vae.privateDim === 0) return model.decoded(shared);
    const { mu, logvar } = privatePart(posterior, vae.privateDim);
    const used = reshape(selected.present!, [...selected.present!.shape, 1]);
    const kept = (x: Tensor) => where(used, { then: x, otherwise: 0 });
    const own = drawn({ mu: kept(mu), logvar: kept(logvar) }, model.scope.stream("private posterior samples"));
    return model.decoded(joined(shared, own));
  });
  const selection = model.selection(options, assigned && aggregation ? { assigned: aggregation } : {});
  program.run({ ...viewInputs(batch), ...selection }, { seed: options.seed ?? 0, step: options.step ?? 0 });
  return await model.readDecoded(program);
}

/** The joint posterior; of the MMVM VAE, a component of the mixture of its views' posteriors. */
function jointOf({ vae }: VaeInference, posterior: Posterior, selected: AggregateContext): Posterior {
  if (vae.method.aggregate) return vae.aggregate(posterior, selected);
  const { mu, logvar } = sharedPart(posterior, vae.privateDim);
  const { present, assignment } = selected;
  return aggregate(mu, logvar, {
    method: "moe",
    ...(present ? { mask: present } : {}),
    ...(assignment ? { assignment } : {}),
  });
}

/**
 * Samples a batch with latents drawn from N(0, I), one array per view as by `VaeInference.decode()`: one latent for all
 * views, or one per view for independent VAEs; private latents are drawn for each view.
 *
 * @param options.alpha Weight of the standard normal prior at the end of training, 0 by default; only used by the MMVM
 * VAE.
 * @throws {RangeError} for the MMVM VAE without such a weight: its latents are then not anchored to N(0, I).
 */
export async function samplePrior(
  model: VaeInference,
  options: DrawOptions & { alpha?: number } = {},
): Promise<Float32Array[]> {
  requireAnchor(model.vae, { alpha: options.alpha ?? 0, use: "samples from the prior" });
  const { views, method, config, privateDim } = model.vae;
  const program = await model.program("sample prior", () => {
    const { batchSize } = model.shape;
    const shape = [method.prior === "each" ? views : 1, batchSize, config.latentDim - privateDim];
    const shared = randomNormal(shape, { stream: model.scope.stream("prior samples") });
    if (privateDim === 0) return model.decoded(shared);
    const stream = model.scope.stream("private prior samples");
    return model.decoded(joined(shared, randomNormal([views, batchSize, privateDim], { stream })));
  });
  program.run({}, { seed: options.seed ?? 0, step: options.step ?? 0 });
  return await model.readDecoded(program);
}

/**
 * Checks that a model has distributions of latents, not single ones.
 *
 * @throws {RangeError} for a deterministic autoencoder.
 */
export function requireDistributions({ method }: Vae, options: { use: string }): void {
  if (method.prior !== "none") return;
  throw new RangeError(
    `method ${method.name} is a deterministic autoencoder, which has no ${options.use}: choose a run of a VAE`,
  );
}

/**
 * Checks that new latents can be drawn from the fixed prior.
 *
 * @throws {RangeError} if the method has none, or it was annealed away.
 */
export function requireAnchor(vae: Vae, options: { alpha: number; use: string }): void {
  const { alpha, use } = options;
  requireDistributions(vae, { use });
  if (vae.method.prior !== "annealed" || alpha >= ANCHORING_ALPHA) return;
  throw new RangeError(
    `method ${vae.method.name} has no ${use} at alpha ${
      Number(alpha.toPrecision(3))
    }: nothing holds its latents to N(0, I) then; draw from the ` +
      "posteriors of studies, or train with a constant --alpha",
  );
}
