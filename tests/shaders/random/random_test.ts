/**
 * Random numbers on the GPU: known answers, the distributions, and equality with the host.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { type Lowering, reads, writes } from "../../../runtime/kernels/kernel.ts";
import { type Distribution, lowerRandom, lowerRandomBatch } from "../../../runtime/kernels/random/random.ts";
import {
  philox,
  type RandomKey,
  randomNormalData,
  randomUniformData,
  randomWords,
  seedWords,
} from "../../../base/philox.ts";
import philoxCode from "../../../shaders/random/philox.wgsl" with { type: "text" };
import { slabLayout } from "../../../runtime/graph/state.ts";
import { runLowering } from "../run_lowering.ts";

const COUNTS = [1, 2, 3, 4, 5, 63, 64, 255, 256, 257, 1000, 4099];
const KEYS: readonly RandomKey[] = [
  { seed: 0, stream: 0, step: 0 },
  { seed: 2 ** 53 - 1, stream: 2 ** 32 - 1, step: 2 ** 32 - 1 },
  { seed: 20_240_611, stream: 7, step: 31 },
  { seed: 20_240_611, stream: 7, step: 31, part: 5 },
];

async function draw(
  device: Device,
  options: { count: number; key: RandomKey; distribution: Distribution; keep?: number },
): Promise<Float32Array> {
  const { count, key, distribution, keep } = options;
  const lowering = lowerRandom({ count, stream: key.stream, distribution, ...(keep !== undefined && { keep }) });
  const state = Uint32Array.of(...seedWords(key.seed), key.step ?? 0, key.part ?? 0);
  const { outputs } = await runLowering(device, lowering, { inputs: [state], outputs: [count] });
  return outputs[0]!;
}

Deno.test("philox on the GPU gives the known answers of Random123, and the host's words", async () => {
  using device = await Device.open();
  const ones = 0xffffffff;
  const cases: { counter: [number, number, number, number]; key: [number, number] }[] = [
    { counter: [0, 0, 0, 0], key: [0, 0] },
    { counter: [ones, ones, ones, ones], key: [ones, ones] },
    { counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], key: [0xa4093822, 0x299f31d0] },
  ];
  const some = randomWords(6 * 100, { seed: 1, stream: 0 });
  for (let i = 0; i < some.length; i += 6) {
    const [a, b, c, d, k, l] = some.subarray(i, i + 6);
    cases.push({ counter: [a!, b!, c!, d!], key: [k!, l!] });
  }
  const lowering: Lowering = {
    dispatches: [{
      kernel: "philox",
      code: `${philoxCode}
        fn kernel(group: u32, lane: u32) {
          words_put(group, philox(given_at(2u * group), given_at(2u * group + 1u).xy));
        }`,
      lanes: 1,
      operands: { given: reads({ input: 0 }, "vec4u"), words: writes({ output: 0 }, "vec4u") },
      grid: [cases.length, 1, 1],
    }],
  };
  const { outputs } = await runLowering(device, lowering, {
    inputs: [Uint32Array.from(cases.flatMap(({ counter, key }) => [...counter, ...key, 0, 0]))],
    outputs: [4 * cases.length],
  });
  const got = new Uint32Array(outputs[0]!.buffer);
  assert.deepEqual([...got], cases.flatMap(({ counter, key }) => philox(counter, key)));
  assert.deepEqual([...got.subarray(0, 4)], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
});

Deno.test("uniform numbers equal the host's bit for bit, for every count and key", async () => {
  using device = await Device.open();
  for (const key of KEYS) {
    for (const count of COUNTS) {
      assert.deepEqual(await draw(device, { count, key, distribution: "uniform" }), randomUniformData(count, key));
    }
  }
});

Deno.test("normal numbers equal the host's within 1e-6, for every count and key", async () => {
  using device = await Device.open();
  for (const key of KEYS) {
    for (const count of [...COUNTS, 100_000]) {
      const got = await draw(device, { count, key, distribution: "normal" });
      const want = randomNormalData(count, key);
      const worst = got.reduce((error, value, i) => Math.max(error, Math.abs(value - want[i]!)), 0);
      assert.ok(worst <= 1e-6, `${count} numbers of ${JSON.stringify(key)}: ${worst}`);
    }
  }
});

Deno.test("normal numbers are finite and right at the ends of the logarithm's range", async () => {
  using device = await Device.open();
  // The first block of these steps has a word whose upper 24 bits are all ones (radius 0) or all zeros (the largest
  // radius, 5.77).
  for (
    const { step, at, radius } of [{ step: 4_508_857, at: 2, radius: 0 }, { step: 5_296_325, at: 0, radius: 5.768 }]
  ) {
    const key = { seed: 0, stream: 0, step };
    const got = await draw(device, { count: 4, key, distribution: "normal" });
    assert.ok(
      Math.abs(Math.hypot(got[at]!, got[at + 1]!) - radius) < 1e-3,
      `radius ${Math.hypot(got[at]!, got[at + 1]!)}`,
    );
    const want = randomNormalData(4, key);
    got.forEach((value, i) => assert.ok(Math.abs(value - want[i]!) <= 1e-6, `${value} for ${want[i]}`));
  }
});

Deno.test("Bernoulli numbers are 1 / keep where the uniform number is below keep", async () => {
  using device = await Device.open();
  const key = { seed: 9, stream: 4, step: 2, part: 3 };
  for (const keep of [0.1, 0.5, 0.75, 1]) {
    for (const count of [999, 10_000]) {
      const got = await draw(device, { count, key, distribution: "bernoulli", keep });
      const uniform = randomUniformData(count, key);
      const scale = 1 / Math.fround(keep);
      got.forEach((value, i) => {
        const wanted = uniform[i]! < Math.fround(keep) ? scale : 0;
        assert.ok(Math.abs(value - wanted) <= 1e-6 * scale, `keep ${keep}, number ${i}: ${value} for ${wanted}`);
      });
    }
  }
});

Deno.test("random numbers beyond 65,535 workgroups are drawn too", async () => {
  using device = await Device.open();
  const count = 65_536 * 256 + 3;
  const key = { seed: 3, stream: 1, step: 0 };
  const got = await draw(device, { count, key, distribution: "uniform" });
  for (const block of [0, 65_535 * 64, 65_536 * 64]) {
    const want = philox([block, 0, 1, 0], [3, 0]).map((word) => (word >>> 8) / 2 ** 24);
    const end = Math.min(count, block * 4 + 4);
    assert.deepEqual([...got.subarray(block * 4, end)], want.slice(0, end - block * 4));
  }
});

Deno.test("a batch draws the numbers of its streams, whatever their number and lengths", async () => {
  using device = await Device.open();
  const key = { seed: 3, step: 5, part: 7 };
  const state = Uint32Array.of(...seedWords(key.seed), key.step, key.part);
  for (const counts of [[1], [5, 64, 3], [64, 64, 1, 1000, 7], Array.from({ length: 45 }, (_, i) => 50 * i + 1)]) {
    const layout = slabLayout(counts.map((count) => [count]));
    const streams = counts.map((_, i) => 2 ** 32 - 1 - 17 * i);
    for (const [distribution, oracle] of [["uniform", randomUniformData], ["normal", randomNormalData]] as const) {
      const lowering = lowerRandomBatch({ streams, layout, distribution });
      const { outputs } = await runLowering(device, lowering, { inputs: [state], outputs: [layout.length] });
      counts.forEach((count, i) => {
        const want = oracle(count, { ...key, stream: streams[i]! });
        const got = outputs[0]!.subarray(layout.offsets[i]!, layout.offsets[i]! + count);
        const worst = got.reduce((error, value, at) => Math.max(error, Math.abs(value - want[at]!)), 0);
        assert.ok(
          worst <= (distribution === "uniform" ? 0 : 1e-6),
          `part ${i} of ${counts}, ${distribution}: ${worst}`,
        );
      });
    }
  }
});
