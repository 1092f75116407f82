import assert from "node:assert/strict";
import { fillAbsent } from "../../models/absent_views.ts";
import { createVaeTrainer, type HostTensor } from "../../models/mod.ts";
import { Device } from "../../runtime/mod.ts";
import { uniformStream } from "../reference/compare.ts";

Deno.test("fillAbsent() replaces missing images by present ones in turn, without modifying the batch", () => {
  const pixels = Uint8Array.of(1, 1, 9, 9, 2, 2, 9, 9, 9, 9, /**/ 5, 5, 6, 6, 7, 7, 8, 8, 4, 4);
  const present = Float32Array.of(1, 0, 1, 0, 0, /**/ 1, 1, 1, 1, 1);
  const { pixels: filled, absent } = fillAbsent({ pixels, present }, { views: 2 });
  assert.deepEqual(filled, Uint8Array.of(1, 1, 1, 1, 2, 2, 2, 2, 1, 1, /**/ 5, 5, 6, 6, 7, 7, 8, 8, 4, 4));
  assert.deepEqual(absent, []);
  assert.equal(pixels[2], 9);
});

Deno.test("fillAbsent() returns the views that the whole batch lacks, and fills them with zeros", () => {
  const pixels = [Float32Array.of(1, 2), Float32Array.of(NaN, NaN)];
  const { pixels: filled, absent } = fillAbsent({ pixels, present: Float32Array.of(1, 1, 0, 0) }, { views: 2 });
  assert.deepEqual(filled, [Float32Array.of(1, 2), Float32Array.of(0, 0)]);
  assert.deepEqual(absent, [1]);
});

Deno.test("fillAbsent() returns a batch without gaps unchanged", () => {
  const pixels = Uint8Array.of(1, 2);
  assert.equal(fillAbsent({ pixels, present: Float32Array.of(1, 1) }, { views: 1 }).pixels, pixels);
});

Deno.test("missing images do not influence batch norm's running statistics", async () => {
  using device = await Device.open();
  const samples = 4;
  const next = uniformStream(4);
  const whole = Uint8Array.from({ length: 2 * samples * 64 * 64 }, () => 256 * next());
  const statistics = async (present: number[], pixels: Uint8Array) => {
    using trainer = await createVaeTrainer(device, {
      config: {
        method: "mmvm",
        views: ["a", "b"],
        network: "residual",
        imageSize: 64,
        filterDim: 2,
        latentDim: 2,
        dropout: 0,
        likelihood: { name: "laplace", scale: 0.75 },
      },
      batchSize: samples,
      seed: 1,
      missingViews: true,
    });
    const before = running(await trainer.read());
    trainer.step({ pixels, present: Float32Array.from(present) }, { step: 0, learningRate: 1e-3, alpha: 1, beta: 1 });
    await trainer.readMetrics();
    return { before, after: running(await trainer.read()) };
  };
  const lacking = await statistics([1, 1, 1, 1, 0, 0, 0, 0], whole);
  for (const [name, { data }] of lacking.after) {
    const same = data.every((value, i) => value === lacking.before.get(name)!.data[i]);
    assert.equal(same, /\bencoders\.1\.|\bdecoders\.1\./.test(name), name);
  }
  // Samples 2 and 3 lack view b: the images of samples 0 and 1 replace theirs.
  const size = 64 * 64;
  const stoodIn = whole.slice();
  stoodIn.copyWithin(6 * size, 4 * size, 6 * size);
  const holes = whole.slice();
  holes.fill(0, 6 * size);
  const [got, want] = [
    await statistics([1, 1, 1, 1, 1, 1, 0, 0], holes),
    await statistics([1, 1, 1, 1, 1, 1, 0, 0], stoodIn),
  ];
  assert.deepEqual(got.after, want.after);
});

function running(state: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map([...state].filter(([name]) => /running_(mean|var)$/.test(name)));
}
