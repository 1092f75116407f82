import assert from "node:assert/strict";
import fc from "fast-check";
import { drawComponents, sliceComponents } from "../../../models/methods/component_draw.ts";
import { mixtureComponents } from "../../../runtime/mod.ts";

const draws = fc.record({
  aggregation: fc.constantFrom("moe" as const, "mopoe" as const),
  views: fc.integer({ min: 1, max: 4 }),
  samples: fc.integer({ min: 1, max: 70 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  step: fc.integer({ min: 0, max: 2 ** 31 }),
});

Deno.test("drawComponents() is balanced over components and depends only on seed and step", () => {
  fc.assert(fc.property(draws, (draw) => {
    const drawn = drawComponents({ ...draw, stream: 7 });
    const count = mixtureComponents(draw.aggregation, draw.views).length;
    for (let k = 0; k < count; k++) {
      const taken = drawn.filter((component) => component === k).length;
      assert.ok(Math.abs(taken - draw.samples / count) < 2);
    }
    assert.ok(drawn.every((component) => component < count));
    assert.deepEqual(drawComponents({ ...draw, stream: 7 }), drawn);
  }));
});

Deno.test("drawComponents() gives each sample every component equally often in the long run", () => {
  const [samples, steps] = [8, 4000];
  const counts = new Float64Array(samples * 3);
  for (let step = 0; step < steps; step++) {
    drawComponents({ aggregation: "mopoe", views: 2, samples, seed: 1, stream: 2, step })
      .forEach((component, n) => counts[n * 3 + component]!++);
  }
  // Five standard deviations of a binomial count.
  const error = 5 * Math.sqrt(steps * (1 / 3) * (2 / 3));
  counts.forEach((count) => assert.ok(Math.abs(count - steps / 3) < error, `${count} of ${steps}`));
});

Deno.test("drawComponents() only draws components of present views", () => {
  const samples = 60;
  // The first third has one view, the second two, the last none.
  const present = Float32Array.from({ length: 3 * samples }, (_, i) => {
    const [m, n] = [Math.floor(i / samples), i % samples];
    return n < 20 ? (m === 1 ? 1 : 0) : n < 40 ? (m > 0 ? 1 : 0) : 0;
  });
  const drawn = drawComponents({ aggregation: "mopoe", views: 3, samples, present, seed: 1, stream: 2, step: 0 });
  assert.deepEqual(new Set(drawn.slice(0, 20)), new Set([0]));
  assert.deepEqual(new Set(drawn.slice(20, 40)), new Set([0, 1, 2]));
  assert.deepEqual(new Set(drawn.slice(40)), new Set([0]));
});

const divided = fc.record({
  aggregation: fc.constantFrom("moe" as const, "mopoe" as const),
  views: fc.integer({ min: 1, max: 3 }),
  samples: fc.integer({ min: 1, max: 9 }),
  of: fc.integer({ min: 1, max: 4 }),
});

Deno.test("the parts of a divided batch take the components of the whole batch", () => {
  fc.assert(fc.property(divided, fc.func(fc.boolean()), ({ of, samples, ...draw }, isPresent) => {
    const batch = samples * of;
    const whole = Float32Array.from({ length: draw.views * batch }, (_, i) => isPresent(i) ? 1 : 0);
    const ofPart = (index: number) =>
      Float32Array.from(
        { length: draw.views * samples },
        (_, i) => whole[Math.floor(i / samples) * batch + index * samples + i % samples]!,
      );
    const parts = (draws: (options: { present: Float32Array; part: { index: number; of: number } }) => Uint32Array) =>
      Array.from({ length: of }, (_, index) => [...draws({ present: ofPart(index), part: { index, of } })]).flat();
    const key = { seed: 1, stream: 2, step: 3 };
    assert.deepEqual(
      parts((options) => drawComponents({ ...draw, ...key, ...options, samples })),
      [...drawComponents({ ...draw, ...key, samples: batch, present: whole })],
    );
    assert.deepEqual(
      parts((options) => sliceComponents({ ...draw, ...options, samples })),
      [...sliceComponents({ ...draw, samples: batch, present: whole, part: { index: 0, of: 1 } })],
    );
  }));
});

Deno.test("sliceComponents() takes contiguous slices, the last component the rest", () => {
  const draw = { aggregation: "moe" as const, views: 2, samples: 7, part: { index: 0, of: 1 } };
  assert.deepEqual([...sliceComponents(draw)], [0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual([...sliceComponents({ ...draw, aggregation: "mopoe", samples: 2 })], [2, 2]);
});
