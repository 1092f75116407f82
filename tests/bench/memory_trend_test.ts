import assert from "node:assert/strict";
import { SeededRandom } from "../../base/random.ts";
import { type MemorySample, memoryTrend } from "../../bench/memory_trend.ts";

const MEBIBYTE = 2 ** 20;

/** Twenty looks at memory that follows a line from the sixth on, with noise. */
function samples({ slope, noise }: { slope: number; noise: number }): MemorySample[] {
  const random = new SeededRandom("memory");
  return Array.from({ length: 20 }, (_, i) => {
    const warmUp = Math.min(0, i - 5) * 20 * MEBIBYTE;
    const step = 1000 * (i + 1);
    return { step, bytes: 300 * MEBIBYTE + warmUp + slope * step + noise * (random.uniform() - 0.5) };
  });
}

Deno.test("memoryTrend() of an exact line is its slope, whatever came before the first quarter", () => {
  const { slope, standardError, growth, flat } = memoryTrend(samples({ slope: 1024, noise: 0 }));
  assert.ok(Math.abs(slope - 1024) < 1e-6);
  assert.ok(standardError < 1e-6);
  assert.ok(Math.abs(growth - 14 * 1000 * 1024) < 1e-3);
  assert.equal(flat, false);
});

Deno.test("memoryTrend() calls memory flat that stays, shrinks or goes up and down", () => {
  for (const slope of [0, -1024]) {
    for (const noise of [0, 10 * MEBIBYTE]) assert.ok(memoryTrend(samples({ slope, noise })).flat);
  }
});

Deno.test("memoryTrend() notices a leak of one KiB a step under ten MiB of noise", () => {
  assert.equal(memoryTrend(samples({ slope: 1024, noise: 10 * MEBIBYTE })).flat, false);
});

Deno.test("memoryTrend() needs four samples", () => {
  assert.throws(() => memoryTrend(samples({ slope: 0, noise: 0 }).slice(0, 3)), /four samples or more, got 3/);
});
