/**
 * Samples new images and texts from a trained multimodal VAE.
 *
 * @module
 */
import { aggregate, randomNormal, reparameterize, reshape } from "../../runtime/mod.ts";
import { isMixture } from "../methods/component_draw.ts";
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
 * posterior.
 */
export async function samplePosterior(
  model: VaeInference,
  batch: BatchViews,
  options: ViewSelection & DrawOptions = {},
): Promise<Float32Array[]> {
  const { method } = model.vae;
  const aggregation = method.prior === "each" ? undefined : method.aggregation ?? "moe";
  const assigned = isMixture(aggregation);
  const program = await model.program("sample posterior", () => {
    const { mu, logvar } = model.vae.encode(model.scope, viewTensors(model.shape));
    const stream = model.scope.stream("posterior samples");
    const { present, assignment } = model.selectionInputs({ assigned });
    if (!aggregation) return model.decoded(reparameterize(mu, logvar, { eps: randomNormal(mu.shape, { stream }) }));
    const joint = aggregate(mu, logvar, {
      method: aggregation,
      ...(present ? { mask: present } : {}),
      ...(assignment ? { assignment } : {}),
    });
    const z = reparameterize(joint.mu, joint.logvar, { eps: randomNormal(joint.mu.shape, { stream }) });
    return model.decoded(reshape(z, [1, ...z.shape]));
  });
  const selection = model.selection(options, assigned && aggregation ? { assigned: aggregation } : {});
  program.run({ ...viewInputs(batch), ...selection }, { seed: options.seed ?? 0, step: options.step ?? 0 });
  return await model.readDecoded(program);
}

/**
 * Samples a batch with latents drawn from N(0, I), one array per view as by `VaeInference.decode()`: one latent for all
 * views, or one per view for independent VAEs.
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
  const { views, method, config } = model.vae;
  const program = await model.program("sample prior", () => {
    const shape = [method.prior === "each" ? views : 1, model.shape.batchSize, config.latentDim];
    return model.decoded(randomNormal(shape, { stream: model.scope.stream("prior samples") }));
  });
  program.run({}, { seed: options.seed ?? 0, step: options.step ?? 0 });
  return await model.readDecoded(program);
}

/**
 * Checks that new latents can be drawn from the fixed prior.
 *
 * @throws {RangeError} if the method's prior was annealed away.
 */
export function requireAnchor(vae: Vae, options: { alpha: number; use: string }): void {
  const { alpha, use } = options;
  if (vae.method.prior !== "annealed" || alpha >= ANCHORING_ALPHA) return;
  throw new RangeError(
    `method ${vae.method.name} has no ${use} at alpha ${alpha}: nothing holds its latents to N(0, I) then; draw from the ` +
      "posteriors of studies, or train with a constant --alpha",
  );
}
