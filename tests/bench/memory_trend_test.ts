import assert from "node:assert/strict";
import { SeededRandom } from "../../base/random.ts";
import { type MemorySample, memoryTrend } from "../../bench/memory_trend.ts";

const MEBIBYTE = 2 ** 20;

/** Twenty samples that follow a line with noise after the warm-up. */
function samples({ slope, noise }: { slope: number; noise: number }): MemorySample[] {
  const random = new SeededRandom("memory");
  return Array.from({ length: 20 }, (_, i) => {
    const warmUp = Math.min(0, i - 5) * 20 * MEBIBYTE;
    const step = 1000 * (i + 1);
    return { step, bytes: 300 * MEBIBYTE + warmUp + slope * step + noise * (random.uniform() - 0.5) };
  });
}

Deno.test("memoryTrend() recovers an exact slope and ignores the first quarter", () => {
  const { slope, standardError, growth, flat } = memoryTrend(samples({ slope: 1024, noise: 0 }));
  assert.ok(Math.abs(slope - 1024) < 1e-6);
  assert.ok(standardError < 1e-6);
  assert.ok(Math.abs(growth - 14 * 1000 * 1024) < 1e-3);
  assert.equal(flat, false);
});

Deno.test("memoryTrend() considers constant, shrinking and fluctuating memory flat", () => {
  for (const slope of [0, -1024]) {
    for (const noise of [0, 10 * MEBIBYTE]) assert.ok(memoryTrend(samples({ slope, noise })).flat);
  }
});

Deno.test("memoryTrend() detects a leak of 1 KiB per step under 10 MiB of noise", () => {
  assert.equal(memoryTrend(samples({ slope: 1024, noise: 10 * MEBIBYTE })).flat, false);
});

Deno.test("memoryTrend() requires four samples", () => {
  assert.throws(() => memoryTrend(samples({ slope: 0, noise: 0 }).slice(0, 3)), /four samples or more, got 3/);
});
