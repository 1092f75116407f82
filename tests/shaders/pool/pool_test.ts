/**
 * Max and average pooling, and their gradients.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import {
  lowerAveragePool,
  lowerAveragePoolGradient,
  lowerMaxPool,
  lowerMaxPoolGradient,
  type PoolGeometry,
} from "../../../runtime/kernels/pool/pool.ts";
import { assertClose, normalData } from "../../reference/compare.ts";
import * as reference from "../../reference/pool.ts";
import { runLowering } from "../run_lowering.ts";

/** Windows of 3 x 3 with steps of 2 (the stem of ResNets), apart, overlapping, of size one, uneven; many images. */
const GEOMETRIES: readonly PoolGeometry[] = [
  geometry({ n: 1, h: 1, w: 1, channels: 1, kernel: [1, 1], stride: [1, 1], padding: [0, 0] }),
  geometry({ n: 2, h: 8, w: 8, channels: 4, kernel: [3, 3], stride: [2, 2], padding: [1, 1] }),
  geometry({ n: 2, h: 7, w: 5, channels: 3, kernel: [3, 3], stride: [2, 2], padding: [1, 1] }),
  geometry({ n: 3, h: 7, w: 9, channels: 8, kernel: [2, 2], stride: [2, 2], padding: [0, 0] }),
  geometry({ n: 1, h: 6, w: 6, channels: 5, kernel: [3, 2], stride: [1, 3], padding: [1, 0] }),
  geometry({ n: 1, h: 9, w: 4, channels: 1, kernel: [2, 4], stride: [3, 1], padding: [1, 2] }),
  geometry({ n: 1, h: 5, w: 5, channels: 2, kernel: [5, 5], stride: [5, 5], padding: [0, 0] }),
  geometry({ n: 40, h: 32, w: 30, channels: 12, kernel: [3, 3], stride: [2, 2], padding: [1, 1] }),
];

function geometry(sizes: Omit<PoolGeometry, "outH" | "outW">): PoolGeometry {
  const { h, w, kernel, stride, padding } = sizes;
  const [outH, outW] = [h, w].map((size, i) => Math.floor((size + 2 * padding[i]! - kernel[i]!) / stride[i]!) + 1);
  return { ...sizes, outH: outH!, outW: outW! };
}

const sizeX = (g: PoolGeometry) => g.n * g.h * g.w * g.channels;
const sizeY = (g: PoolGeometry) => g.n * g.outH * g.outW * g.channels;
/** Equal numbers are frequent, as after a ReLU. */
const tiedData = (g: PoolGeometry) => normalData(sizeX(g), { seed: 1 }).map((x) => Math.max(0, Math.round(2 * x)));
const words = (data: Float32Array) => new Uint32Array(data.buffer, data.byteOffset, data.length);

Deno.test("max_pool gives the maximum of each window and the place of the first one", async () => {
  using device = await Device.open();
  for (const g of GEOMETRIES) {
    for (const x of [normalData(sizeX(g), { seed: 2, mean: -5 }), tiedData(g)]) {
      const { outputs } = await runLowering(device, lowerMaxPool(g), { inputs: [x], outputs: [sizeY(g), sizeY(g)] });
      const { y, winners } = reference.maxPool(g, x);
      assert.deepEqual([...outputs[0]!], [...y], JSON.stringify(g));
      assert.deepEqual(words(outputs[1]!), winners, JSON.stringify(g));
    }
  }
});

Deno.test("max_pool passes on infinities, and NaN rather than any number", async () => {
  using device = await Device.open();
  for (const channels of [1, 4]) {
    const g = geometry({ n: 1, h: 4, w: 4, channels, kernel: [2, 2], stride: [2, 2], padding: [0, 0] });
    const x = new Float32Array(sizeX(g)).fill(-Infinity);
    x[2 * channels] = NaN;
    x[3 * channels] = 7;
    x[8 * channels] = Infinity;
    const { outputs } = await runLowering(device, lowerMaxPool(g), { inputs: [x], outputs: [sizeY(g), sizeY(g)] });
    const { y, winners } = reference.maxPool(g, x);
    assert.deepEqual([...outputs[0]!], [...y]);
    assert.deepEqual(words(outputs[1]!), winners);
  }
});

Deno.test("max_pool_gradient adds up the gradients of the windows that a pixel is the maximum of", async () => {
  using device = await Device.open();
  for (const g of GEOMETRIES) {
    const { winners } = reference.maxPool(g, tiedData(g));
    const dy = normalData(sizeY(g), { seed: 3 });
    const { outputs } = await runLowering(device, lowerMaxPoolGradient(g), {
      inputs: [winners, dy],
      outputs: [sizeX(g)],
    });
    assertClose(outputs[0]!, reference.maxPoolGradient(g, { winners, dy }), { label: JSON.stringify(g) });
  }
});

Deno.test("average_pool and its gradient match the oracle", async () => {
  using device = await Device.open();
  for (const g of GEOMETRIES) {
    const [x, dy] = [normalData(sizeX(g), { seed: 4, mean: 1 }), normalData(sizeY(g), { seed: 5 })];
    const forth = await runLowering(device, lowerAveragePool(g), { inputs: [x], outputs: [sizeY(g)] });
    assertClose(forth.outputs[0]!, reference.averagePool(g, x), { label: JSON.stringify(g) });
    const back = await runLowering(device, lowerAveragePoolGradient(g), { inputs: [dy], outputs: [sizeX(g)] });
    assertClose(back.outputs[0]!, reference.averagePoolGradient(g, dy), { label: JSON.stringify(g) });
  }
});
