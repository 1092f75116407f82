/**
 * Rows so wide that one invocation would loop more often than lavapipe lets it: a row is then shared by a workgroup.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Lowering, Target } from "../../../runtime/kernels/kernel.ts";
import { lowerKl, lowerKlPair, lowerMixture, lowerMmvmKl } from "../../../runtime/kernels/latent/latent.ts";
import { assertClose, LARGE_REDUCTION_TOLERANCE, normalData } from "../../reference/compare.ts";
import { klDivergence, logMixtureDensity, mmvmKl, standardNormal } from "../../reference/latent.ts";
import { type Batch, gather, normalsOf, randomBatch, rowOf } from "./latent_batch.ts";
import { runLowering } from "../run_lowering.ts";

function batchOf(views: number, width: number): Batch {
  return randomBatch({ views, samples: 1, width }, { seed: 3, masked: false });
}

/** The views' posteriors of the one sample. */
function posteriors(batch: Batch) {
  const views = Array.from({ length: batch.views }, (_, m) => m);
  return normalsOf(gather(batch, { sample: 0, views }), batch.width);
}

async function first(device: Device, lowering: Lowering, options: { inputs: Float32Array[]; outputs: number[] }) {
  assert.match(lowering.dispatches[0]!.kernel, /\/shared$/);
  const { outputs } = await runLowering(device, lowering, options);
  return outputs[0]!;
}

Deno.test("latent kernels sum rows of any width", async () => {
  using device = await Device.open();
  const target: Target = { ...device.target, profile: "software" };
  const close = (got: Float32Array, want: number[], label: string) =>
    assertClose(got, want, { label, tolerance: LARGE_REDUCTION_TOLERANCE });

  const one = batchOf(1, 70_001);
  const [q] = posteriors(one);
  const kl = lowerKl({ rows: 1, width: one.width, target, sample: false });
  const inputs = [one.mu, one.logvar];
  close(await first(device, kl, { inputs, outputs: [1] }), [klDivergence(q!, standardNormal(q!))], "kl");

  const two = batchOf(2, 70_001);
  const [q0, q1] = posteriors(two);
  const pair = lowerKlPair({ rows: 1, width: two.width, target });
  const halves = [two.mu.slice(0, 70_001), two.logvar.slice(0, 70_001), two.mu.slice(70_001), two.logvar.slice(70_001)];
  close(await first(device, pair, { inputs: halves, outputs: [1] }), [klDivergence(q0!, q1!)], "kl pair");

  const six = batchOf(6, 4096);
  const sizes = { views: 6, samples: 1, width: 4096, target };
  const mmvm = { inputs: [six.mu, six.logvar, Float32Array.of(0.3)], outputs: [1] };
  close(await first(device, lowerMmvmKl(sizes), mmvm), [mmvmKl(posteriors(six), 0.3)], "mmvm");

  const z = normalData(six.mu.length, { seed: 9 });
  const want = [0, 1, 2, 3, 4, 5].map((row) => logMixtureDensity(rowOf(z, { row, width: 4096 }), posteriors(six)));
  const mixture = { inputs: [z, six.mu, six.logvar], outputs: [6, 36] };
  close(await first(device, lowerMixture(sizes), mixture), want, "mixture");
});
