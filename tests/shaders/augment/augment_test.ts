/**
 * The augmentation of images against a float64 oracle.
 *
 * @module
 */
import assert from "node:assert/strict";
import { seedWords } from "../../../base/philox.ts";
import { type AugmentAmounts, type ImageSizes, lowerAugment } from "../../../runtime/kernels/augment/augment.ts";
import { Device } from "../../../runtime/device/device.ts";
import { augmentReference } from "../../reference/augment.ts";
import { uniformStream } from "../../reference/compare.ts";
import { runLowering } from "../run_lowering.ts";

const NONE: AugmentAmounts = {
  shift: 0,
  scale: 0,
  rotate: 0,
  crop: 0,
  flip: 0,
  contrast: 0,
  brightness: 0,
  noise: 0,
};
const ALL: AugmentAmounts = {
  shift: 0.1,
  scale: 0.2,
  rotate: 30,
  crop: 0.3,
  flip: 0.5,
  contrast: 0.4,
  brightness: 0.2,
  noise: 0.1,
};
const KEYS = { stream: 77, noiseStream: 2 ** 32 - 1, view: 1, first: 5 };
const SIZES: readonly ImageSizes[] = [
  { samples: 1, height: 1, width: 1, channels: 1 },
  { samples: 3, height: 1, width: 7, channels: 1 },
  { samples: 5, height: 9, width: 5, channels: 1 },
  { samples: 2, height: 8, width: 8, channels: 3 },
  { samples: 67, height: 6, width: 10, channels: 1 },
];

interface Case extends ImageSizes {
  readonly amounts: AugmentAmounts;
  readonly view?: number;
  readonly first?: number;
  readonly step?: number;
  /** False for pictures that are too many for the oracle. */
  readonly oracle?: boolean;
}

const SEED = 2 ** 40 + 9;

/** Pictures of which neighbouring pixels are independent: the hardest to resample. */
function pictures({ samples, height, width, channels }: ImageSizes): Float32Array {
  const next = uniformStream(3);
  return Float32Array.from({ length: samples * height * width * channels }, () => next());
}

async function augmented(device: Device, options: Case): Promise<{ got: Float32Array; want: Float64Array }> {
  const x = pictures(options);
  const { step = 3, oracle = true } = options;
  const lowering = lowerAugment({ ...KEYS, ...options });
  const state = Uint32Array.of(...seedWords(SEED), step, 0);
  const { outputs } = await runLowering(device, lowering, { inputs: [x, state], outputs: [x.length] });
  const want = oracle ? augmentReference(x, { ...KEYS, ...options, seed: SEED, step }) : new Float64Array();
  return { got: outputs[0]!, want };
}

/** The largest difference; NaN where there is one. */
function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  return Array.from(got).reduce((most, value, i) => {
    const error = Math.abs(value - want[i]!);
    return error > most || Number.isNaN(error) ? error : most;
  }, 0);
}

Deno.test("augmented images are the oracle's within 2e-5, for all sizes, with one change or all", async () => {
  using device = await Device.open();
  const alone = (Object.keys(ALL) as (keyof AugmentAmounts)[]).map((name) => ({ ...NONE, [name]: ALL[name] }));
  for (const sizes of SIZES) {
    for (const amounts of [...alone, ALL, { ...ALL, noise: 0 }]) {
      const { got, want } = await augmented(device, { ...sizes, amounts });
      const error = worst(got, want);
      // A coordinate of float32 is off by 1e-6, and neighbouring pixels differ by up to 1.
      assert.ok(error <= 2e-5, `${JSON.stringify({ ...sizes, amounts })}: ${error}`);
    }
  }
});

Deno.test("more images than one dimension of a grid takes are augmented too", async () => {
  using device = await Device.open();
  const sizes = { samples: 65_536 * 16 + 1, height: 2, width: 8, channels: 1 };
  const amounts = { ...NONE, contrast: 0.5 };
  const { got } = await augmented(device, { ...sizes, amounts, oracle: false });
  const x = pictures(sizes);
  for (const at of [0, 65_535 * 16, sizes.samples - 1]) {
    const one = { ...sizes, samples: 1, amounts, first: KEYS.first + at };
    const part = [16 * at, 16 * at + 16] as const;
    const want = augmentReference(x.subarray(...part), { ...KEYS, ...one, seed: SEED, step: 3 });
    assert.ok(worst(got.subarray(...part), want) <= 2e-5, `sample ${at}`);
  }
  assert.ok(got.every((value) => value >= 0 && value <= 1));
});

Deno.test("without any amount above 0 the kernel returns its input bit for bit", async () => {
  using device = await Device.open();
  for (const sizes of SIZES) {
    assert.deepEqual((await augmented(device, { ...sizes, amounts: NONE })).got, pictures(sizes));
  }
});

Deno.test("draws change with the step, the sample and the view, and are the same for parts of a batch", async () => {
  using device = await Device.open();
  const sizes = { samples: 4, height: 8, width: 8, channels: 1 };
  const run = async (options: Partial<Case>) => (await augmented(device, { ...sizes, amounts: ALL, ...options })).got;
  const whole = await run({});
  assert.deepEqual(await run({}), whole);
  for (const other of [{ step: 4 }, { view: 0 }, { first: 6 }]) assert.notDeepEqual(await run(other), whole);
  // The second half of the batch on another rank: the same pictures under the same numbers.
  const part = lowerAugment({ ...KEYS, ...sizes, amounts: ALL, samples: 2, first: KEYS.first + 2 });
  const { outputs: [half] } = await runLowering(device, part, {
    inputs: [pictures(sizes).subarray(128), Uint32Array.of(...seedWords(SEED), 3, 0)],
    outputs: [128],
  });
  assert.deepEqual(half, whole.subarray(128));
  // The same as part number 1 of 2.
  const second = await runLowering(device, lowerAugment({ ...KEYS, ...sizes, amounts: ALL, samples: 2 }), {
    inputs: [pictures(sizes).subarray(128), Uint32Array.of(...seedWords(SEED), 3, 1)],
    outputs: [128],
  });
  assert.deepEqual(second.outputs[0], half);
});

Deno.test("scale and flip are those of the study, shift and rotation those of the view", async () => {
  using device = await Device.open();
  const sizes = { samples: 6, height: 16, width: 16, channels: 1 };
  const views = async (amounts: Partial<AugmentAmounts>) =>
    await Promise.all(
      [0, 1].map(async (view) => (await augmented(device, { ...sizes, amounts: { ...NONE, ...amounts }, view })).got),
    );
  for (const amounts of [{ scale: 0.3 }, { flip: 0.5 }]) {
    const [first, second] = await views(amounts);
    assert.deepEqual(first, second, JSON.stringify(amounts));
  }
  for (const name of ["shift", "rotate", "crop", "contrast", "brightness", "noise"] as const) {
    const [first, second] = await views({ [name]: ALL[name] });
    assert.notDeepEqual(first, second, name);
  }
});
