/**
 * Preload module (see {@linkcode Fault}): when the evaluation encodes its first batch, prints `EVALUATING` and blocks
 * there.
 *
 * @module
 */
import { VaeInference } from "../../models/mod.ts";

VaeInference.prototype.encode = async function () {
  console.error("EVALUATING");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
  throw new Error("nobody stopped the evaluation");
};
