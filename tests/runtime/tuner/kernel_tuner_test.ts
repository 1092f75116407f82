import assert from "node:assert/strict";
import {
  compile,
  conv2d,
  decodeTuning,
  Device,
  encodeTuning,
  input,
  KernelTuner,
  mean,
  square,
  type TuningChoices,
} from "../../../runtime/mod.ts";
import { normalData } from "../../reference/compare.ts";

const SHAPE = { x: [4, 16, 16, 16], w: [4, 4, 16, 32] } as const;
const data = {
  x: normalData(4 * 16 * 16 * 16, { seed: 1 }),
  w: normalData(4 * 4 * 16 * 32, { seed: 2 }),
};

/** Bits of a small convolution's result, computed with a tuner's choices. */
async function result(tuner: KernelTuner): Promise<Uint32Array> {
  using device = await Device.open({ tuner });
  using program = await compile(device, () => {
    const y = conv2d(input("x", { shape: SHAPE.x }), input("w", { shape: SHAPE.w }), { stride: 2, padding: 1 });
    return { outputs: { y, loss: mean(square(y)) } };
  });
  program.run(data);
  const [y] = await program.read("y");
  return new Uint32Array(y!.buffer);
}

Deno.test("a tuner measures the first program, reports its choices, and measures nothing afterwards", async () => {
  const settled: TuningChoices[] = [];
  const tuner = new KernelTuner({
    onSettled(choices) {
      settled.push(new Map(choices));
      return Promise.resolve(choices);
    },
  });
  await result(tuner);
  assert.equal(settled.length, 1);
  const works = [...settled[0]!.keys()].filter((work) => work.startsWith("conv_forward "));
  assert.equal(works.length, 1);
  const { measured } = tuner;
  assert.ok(measured >= 1);
  await result(tuner);
  assert.equal(settled.length, 1);
  assert.equal(tuner.measured, measured);
});

Deno.test("a frozen tuner repeats recorded choices bit for bit, and known choices are not measured again", async () => {
  const first = new KernelTuner();
  const want = await result(first);
  const frozen = new KernelTuner({ known: first.choices, frozen: true });
  assert.deepEqual(await result(frozen), want);
  const informed = new KernelTuner({ known: first.choices });
  assert.deepEqual(await result(informed), want);
  assert.equal(informed.measured, 0);
  assert.deepEqual(
    [...informed.choices].filter(([work]) => work.startsWith("conv_forward ")),
    [...first.choices].filter(([work]) => work.startsWith("conv_forward ")),
  );
});

Deno.test("choices returned by onSettled() are used if such a variant exists", async () => {
  const named = (name: string) => (choices: TuningChoices) =>
    Promise.resolve(new Map([...choices].map(([work]) => [work, name])));
  const told = new KernelTuner({ onSettled: named("software-8x1") });
  await result(told);
  assert.ok(told.choices.size > 0);
  for (const name of told.choices.values()) assert.equal(name, "software-8x1");
  const measured = new KernelTuner({ budgetMilliseconds: 0, onSettled: named("gone-1x1") });
  await result(measured);
  for (const name of measured.choices.values()) assert.notEqual(name, "gone-1x1");
});

Deno.test("a tuner without time records the defaults and ignores variants that no longer exist", async () => {
  const hurried = new KernelTuner({ budgetMilliseconds: 0 });
  const want = await result(hurried);
  assert.equal(hurried.measured, 0);
  assert.ok(hurried.choices.size > 0);
  const known = new Map([...hurried.choices].map(([work]) => [work, "gone-1x1"]));
  assert.deepEqual(await result(new KernelTuner({ known, frozen: true })), want);
});

Deno.test("files of choices come back as they were, for their adapter and version only", () => {
  const choices = new Map([["matmul {}", "software-16x4"], ['conv_forward {"n":1}', "winograd"]]);
  const text = encodeTuning(choices, { adapter: "a" });
  assert.deepEqual([...decodeTuning(text, { adapter: "a" })].sort(), [...choices].sort());
  assert.equal(decodeTuning(text, { adapter: "b" }).size, 0);
  assert.equal(decodeTuning(text.replace(`"version": 1`, `"version": 0`), { adapter: "a" }).size, 0);
});

Deno.test("decodeTuning() names what a broken file should have held", () => {
  for (
    const [text, what] of [
      ["{", /not JSON/],
      ["3", /no object/],
      ["{}", /`version`/],
      [`{"version": 1}`, /`adapter`/],
      [`{"version": 1, "adapter": "a", "choices": null}`, /`choices`/],
      [`{"version": 1, "adapter": "a", "choices": {"w": 3}}`, /choice for w/],
    ] as const
  ) assert.throws(() => decodeTuning(text, { adapter: "a" }), (error: Error) => what.test(error.message));
});

Deno.test("a tuner can be chosen by the adapter's name, which includes the kernel profile", async () => {
  const names: string[] = [];
  const tuner = (adapter: string) => Promise.resolve(new KernelTuner({ frozen: names.push(adapter) > 0 }));
  using software = await Device.open({ profile: "software", tuner });
  using gpu = await Device.open({ profile: "gpu", tuner });
  assert.notEqual(software.target.tuner, gpu.target.tuner);
  assert.equal(new Set(names).size, 2);
});

Deno.test("a resting tuner returns the defaults", async () => {
  const chosen = new KernelTuner({ budgetMilliseconds: 0 });
  const want = await result(chosen);
  const known = new Map([...chosen.choices].map(([work]) => [work, "winograd"]));
  const tuner = new KernelTuner({ known });
  assert.notDeepEqual(await result(tuner), want);
  tuner.rest();
  assert.deepEqual(await result(tuner), want);
});
