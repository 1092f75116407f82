/**
 * The loss scale after good and after skipped steps.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Device } from "../../../runtime/device/device.ts";
import { lowerGradientNorm, lowerLossScale, normChunks } from "../../../runtime/kernels/optimizer/optimizer.ts";
import { normalData } from "../../reference/compare.ts";
import { runLowering } from "../run_lowering.ts";

const BOUNDS = { least: 2 ** -4, most: 2 ** 5 };

/** The kernel's computation, on the host. */
function next([scale, good]: [number, number], bad: boolean, interval: number): [number, number] {
  if (bad) return [Math.max(scale / 2, BOUNDS.least), 0];
  return good + 1 >= interval ? [Math.min(scale * 2, BOUNDS.most), 0] : [scale, good + 1];
}

Deno.test("loss_scale halves after a skipped step, doubles after enough good ones, within its bounds", async () => {
  using device = await Device.open();
  const steps = fc.array(fc.boolean(), { minLength: 1, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (bad, interval) => {
      let want: [number, number] = [1, 0];
      let state = Float32Array.from(want);
      for (const each of bad) {
        want = next(want, each, interval);
        const control = Float32Array.of(0.5, each ? 1 : 0);
        const { inputs } = await runLowering(device, lowerLossScale({ interval, ...BOUNDS }), {
          inputs: [state, control],
          outputs: [],
        });
        state = inputs[0] as Float32Array<ArrayBuffer>;
        assert.deepEqual([...state], want);
        assert.deepEqual(inputs[1], control);
      }
    }),
    { numRuns: 12 },
  );
});

Deno.test("gradient_norm takes a power of two out of norm and factor, bit for bit", async () => {
  using device = await Device.open();
  const length = 4160;
  const parameters = [[0, 4100]] as const;
  const gradients = normalData(length, { seed: 1 });
  const chunks = Uint32Array.from(normChunks(parameters).flat());
  for (const profile of ["software", "gpu"] as const) {
    const target = { ...device.target, profile };
    for (const most of [Infinity, 3]) {
      const limits = Float32Array.of(most, 1);
      const run = async (scale?: number) => {
        const scaled = scale !== undefined;
        const { outputs } = await runLowering(device, lowerGradientNorm({ length, parameters, target, scaled }), {
          inputs: [
            gradients.map((value) => value * (scale ?? 1)),
            chunks,
            limits,
            ...(scaled ? [Float32Array.of(scale, 7)] : []),
          ],
          outputs: [1, 2],
        });
        return { norm: outputs[0]![0]!, factor: outputs[1]![0]!, left: outputs[1]![1]! };
      };
      const want = await run();
      for (const scale of [2 ** -10, 1, 2 ** 8, 2 ** 24]) {
        assert.deepEqual(await run(scale), { ...want, factor: want.factor / scale });
      }
    }
  }
});
