/**
 * The classifier of the DenseNet-121 class that reviewers of chest X-ray methods ask for.
 *
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import { evaluated } from "./arms.ts";
import type { Arm, Base } from "../experiment.ts";
import { classifierRun } from "./scales.ts";

const NETWORK = "densenet121";

/**
 * Part of the base's epochs at scale `small`, which is meant for machines without a GPU: a step takes 4.9 s of
 * processor time on the software adapter, 22 times as much as a VAE's, so that all epochs take over two hours.
 */
const SHARE_WITHOUT_GPU = 1 / 3;

/** A supervised DenseNet-121; none for digits, which are too small to be halved five times. */
export function denseNet(base: Base, seed: number): Arm[] {
  if (isDigits(base.dataset)) return [];
  const epochs = base.scale === "small" ? Math.round(base.training.epochs * SHARE_WITHOUT_GPU) : undefined;
  const fewer = epochs === undefined ? {} : { epochs };
  const run = classifierRun(base, "supervised", { seed, model: { loss: "bce", network: NETWORK }, training: fewer });
  return [{ ...evaluated(base, run), setting: { network: NETWORK, ...fewer } }];
}
