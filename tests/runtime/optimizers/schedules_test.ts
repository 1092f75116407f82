import assert from "node:assert/strict";
import fc from "fast-check";
import { constant, cosine, exponential, linear, warmup } from "../../../runtime/optimizers/schedules.ts";

const course = fc.record({
  from: fc.double({ min: 1e-6, max: 10, noNaN: true }),
  to: fc.double({ min: 1e-6, max: 10, noNaN: true }),
  steps: fc.integer({ min: 1, max: 1_000_000 }),
});

function assertNear(got: number, want: number): void {
  assert.ok(Math.abs(got - want) <= 1e-12 * Math.max(1, Math.abs(want)), `${got} where ${want} was wanted`);
}

Deno.test("schedules start at `from` and arrive at `to`", () => {
  fc.assert(fc.property(course, (c) => {
    for (const schedule of [linear(c), cosine(c), exponential(c)]) {
      assertNear(schedule(0), c.from);
      assertNear(schedule(c.steps), c.to);
    }
  }));
});

Deno.test("schedules are monotone between their ends", () => {
  fc.assert(fc.property(course, fc.double({ min: 0, max: 1, noNaN: true }), (c, share) => {
    const step = Math.floor(share * (c.steps - 1));
    const sign = Math.sign(c.to - c.from);
    for (const schedule of [linear(c), cosine(c), exponential(c)]) {
      assert.ok(sign * (schedule(step + 1) - schedule(step)) >= -1e-15);
    }
  }));
});

Deno.test("linear() and cosine() stay at `to`; exponential() goes on", () => {
  const c = { from: 1, to: 0.25, steps: 10 };
  assert.equal(linear(c)(1000), 0.25);
  assert.equal(cosine(c)(1000), 0.25);
  assertNear(exponential(c)(20), 0.0625);
});

Deno.test("cosine() is half-way at half of the steps, and flat at both ends", () => {
  const schedule = cosine({ from: 3, to: 1, steps: 100 });
  assertNear(schedule(50), 2);
  assertNear(schedule(25), 2 + Math.SQRT1_2);
  assert.ok(schedule(0) - schedule(1) < 1e-3 && schedule(99) - schedule(100) < 1e-3);
});

Deno.test("exponential() is the paper's annealing of alpha", () => {
  const alpha = exponential({ from: 1, to: 1e-10, steps: 150_000 });
  for (const step of [0, 1, 75_000, 150_000, 300_000]) {
    assertNear(alpha(step), Math.max(Math.exp(Math.log(1e-10) * step / 150_000), 0));
  }
});

Deno.test("warmup() scales the first steps, the first one not to zero", () => {
  const schedule = warmup(constant(8), { steps: 4 });
  assert.deepEqual([0, 1, 2, 3, 4, 100].map(schedule), [2, 4, 6, 8, 8, 8]);
  const both = warmup(linear({ from: 10, to: 0, steps: 10 }), { steps: 2 });
  assert.deepEqual([0, 1, 2, 10].map(both), [5, 9, 8, 0]);
});

Deno.test("schedules reject invalid arguments", () => {
  assert.throws(() => constant(NaN), /constant\(\) needs finite values, got NaN/);
  assert.throws(() => linear({ from: 0, to: Infinity, steps: 1 }), RangeError);
  assert.throws(() => cosine({ from: 0, to: 1, steps: 0 }), /positive whole number of steps, got 0/);
  assert.throws(() => exponential({ from: 1, to: 0, steps: 5 }), /positive values, got 1 to 0/);
  assert.throws(() => warmup(constant(1), { steps: 1.5 }), RangeError);
});
