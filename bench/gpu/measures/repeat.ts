/**
 * Whether two runs with equal seeds end with equal bits.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createVaeTrainer } from "../../../models/mod.ts";
import { Device, type Precision, PRECISIONS } from "../../../runtime/mod.ts";
import { stepWork } from "../../peers/work.ts";
import { DRY_SIZES } from "../exchange.ts";
import type { Measure } from "../measurement.ts";

export const measure: Measure = async ({ dryRun }, report) => {
  for (const precision of PRECISIONS) {
    const digests: string[] = [];
    for (let run = 0; run < 2; run++) {
      using device = await Device.open();
      if (precision === "f16" && !device.hasHalf) continue;
      digests.push(await train(device, { precision, dryRun }));
    }
    const [first, second] = digests;
    if (first !== undefined) report({ precision, bitEqual: first === second, digests });
  }
};

/** Trains with dropout, and digests losses, parameters and moments. */
async function train(device: Device, { precision, dryRun }: { precision: Precision; dryRun: boolean }) {
  const base = stepWork(dryRun ? "step" : "paper64");
  const { batchSize, ...sizes } = dryRun ? DRY_SIZES : { batchSize: base.batchSize };
  const config = { ...base.config, ...sizes, dropout: 0.5 };
  using trainer = await createVaeTrainer(device, { config, batchSize, seed: 7, precision });
  const size = config.views.length * batchSize * config.imageSize ** 2;
  const hash = createHash("sha256");
  for (let step = 0; step < (dryRun ? 2 : 50); step++) {
    const pixels = Uint8Array.from({ length: size }, (_, i) => Math.imul(i + step * size, 0x9e3779b1) >>> 24);
    trainer.step({ pixels }, { learningRate: 1e-3, alpha: 0.5, beta: 1, step });
  }
  for (const { values } of await trainer.readMetrics()) hash.update(JSON.stringify(values));
  for (const [name, { data }] of await trainer.read()) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex").slice(0, 32);
}
