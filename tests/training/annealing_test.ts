import assert from "node:assert/strict";
import { ALPHA_SCHEDULES, alphaSchedule, betaSchedule } from "../../training/annealing.ts";

const near = (got: number, want: number) => assert.ok(Math.abs(got - want) < 1e-12, `${got} is not ${want}`);

Deno.test("alpha falls exponentially by default, as published", () => {
  const alpha = alphaSchedule({ alphaSteps: 150_000, beta: 1 });
  near(alpha(0), 1);
  near(alpha(75_000), 1e-5);
  near(alpha(150_000), 1e-10);
  assert.ok(alpha(300_000) < 1e-19);
});

Deno.test("every schedule takes alpha from 1 to its final value and keeps it there", () => {
  for (const kind of ALPHA_SCHEDULES) {
    const alpha = alphaSchedule({ alphaSteps: 100, alphaSchedule: kind, alpha: 0.25, beta: 1 });
    near(alpha(0), kind === "constant" ? 0.25 : 1);
    near(alpha(100), 0.25);
    near(alpha(1000), 0.25);
    for (let step = 1; step <= 100; step++) assert.ok(alpha(step) <= alpha(step - 1) && alpha(step) >= 0.25, kind);
  }
  near(alphaSchedule({ alphaSteps: 100, alphaSchedule: "linear", alpha: 0.5, beta: 1 })(50), 0.75);
  near(alphaSchedule({ alphaSteps: 100, alphaSchedule: "cosine", alpha: 0, beta: 1 })(50), 0.5);
});

Deno.test("with zero steps alpha starts at its final value", () => {
  assert.equal(alphaSchedule({ alphaSteps: 0, beta: 1 })(0), 0);
  assert.equal(alphaSchedule({ alphaSteps: 0, alphaSchedule: "linear", alpha: 0.1, beta: 1 })(0), 0.1);
});

Deno.test("beta increases linearly during its warm-up", () => {
  const beta = betaSchedule({ alphaSteps: 0, beta: 2, betaWarmupSteps: 4 });
  assert.deepEqual([0, 1, 2, 3, 4, 100].map(beta), [0.5, 1, 1.5, 2, 2, 2]);
  assert.equal(betaSchedule({ alphaSteps: 0, beta: 2 })(0), 2);
});
