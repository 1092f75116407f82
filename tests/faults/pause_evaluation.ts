/** Loaded before the program, see {@linkcode Fault}: says when the evaluation encodes its first batch, and lets it wait there. */
import { VaeInference } from "../../models/mod.ts";

VaeInference.prototype.encode = async function () {
  console.error("EVALUATING");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
  throw new Error("nobody stopped the evaluation");
};
