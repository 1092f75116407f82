/**
 * The device is lost at any WebGPU call of a small run, in training or evaluation: the run continues on a new device
 * and ends bit-identical.
 *
 * The suite tries a fixed sample. `deno task test:faults` tries every call; the variable MMVM_FAULTS=n every nth.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ReplaceableDevice } from "../../training/mod.ts";
import { Device } from "../../runtime/mod.ts";
import { outcomeOf, TASKS } from "./fault_sweep.ts";

/** The suite tries every STRIDE-th call. */
const STRIDE = Number(Deno.env.get("MMVM_FAULTS") ?? 211);

/** The WebGPU calls at which the device can be lost. */
const CALLS: readonly [type: { readonly prototype: object }, name: string][] = [
  [GPUDevice, "createShaderModule"],
  [GPUDevice, "createComputePipeline"],
  [GPUDevice, "createBuffer"],
  [GPUDevice, "createTexture"],
  [GPUDevice, "createBindGroup"],
  [GPUDevice, "createCommandEncoder"],
  [GPUQueue, "submit"],
  [GPUQueue, "writeBuffer"],
  [GPUBuffer, "mapAsync"],
];

/** Counts the calls, and destroys the device in use at the nth (from 1). */
class Loss implements Disposable {
  calls = 0;
  hit: string | undefined;
  gpu: GPUDevice | undefined;
  readonly #restore: (() => void)[] = [];

  constructor(nth: number) {
    for (const [{ prototype }, name] of CALLS) {
      const owner = prototype as Record<string, (...args: unknown[]) => unknown>;
      const original = owner[name]!;
      const lose = () => {
        if (++this.calls !== nth) return;
        this.hit = name;
        this.gpu?.destroy();
      };
      owner[name] = function (...args) {
        lose();
        return original.apply(this, args);
      };
      this.#restore.push(() => owner[name] = original);
    }
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore) restore();
  }
}

/** Trains and evaluates a run from the start; the device is lost at one call. */
async function runWithLoss(nth: number): Promise<{ loss: Loss; outcome: Record<string, string> }> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm_device_" }));
  try {
    await Deno.mkdir(join(folder, "runs"));
    using loss = new Loss(nth);
    using devices = await ReplaceableDevice.open(async () => {
      const device = await Device.open();
      loss.gpu = device.gpu;
      return device;
    });
    await TASKS.train.run({ folder, devices });
    await TASKS.evaluate.run({ folder, devices });
    return { loss, outcome: await outcomeOf("evaluate", folder) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`a device lost at any call does not change a run's result (tries one call in ${STRIDE})`, async (test) => {
  const { loss: { calls }, outcome: expected } = await runWithLoss(Infinity);
  assert.ok(calls > 100);
  const problems: string[] = [];
  const hits = new Map<string, number>();
  let tried = 0;
  for (let nth = 1; nth <= calls; nth += STRIDE) {
    tried++;
    try {
      const { loss: { hit = "none" }, outcome } = await runWithLoss(nth);
      hits.set(hit, (hits.get(hit) ?? 0) + 1);
      const different = Object.keys(expected).filter((part) => outcome[part] !== expected[part]);
      if (different.length > 0) problems.push(`call ${nth}, ${hit}: other ${different.join(", ")}`);
    } catch (error) {
      problems.push(`call ${nth}: ${(error as Error).stack}`);
    }
  }
  const kinds = [...hits].map(([name, count]) => `${name} ${count}`).join(", ");
  await test.step(`${calls} calls, ${tried} losses (${kinds}): ${problems.length} not survived`, () =>
    assert.deepEqual(problems, []));
});
