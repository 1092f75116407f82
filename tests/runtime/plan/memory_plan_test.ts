import assert from "node:assert/strict";
import fc from "fast-check";
import { ALIGNMENT, type Interval, planMemory } from "../../../runtime/plan/memory_plan.ts";

const intervals = fc.array(
  fc.record({ bytes: fc.integer({ min: 1, max: 100_000 }), first: fc.nat(60), length: fc.nat(20) }),
  { maxLength: 120 },
).map((list) => list.map(({ bytes, first, length }): Interval => ({ bytes, first, last: first + length })));

Deno.test("planMemory() never lets two tensors that are alive together overlap", () => {
  fc.assert(fc.property(intervals, fc.integer({ min: 100_352, max: 400_000 }), (list, maxArenaBytes) => {
    const { placements, arenas } = planMemory(list, { maxArenaBytes });
    list.forEach((a, i) => {
      const at = placements[i]!;
      assert.equal(at.offset % ALIGNMENT, 0);
      assert.ok(at.offset + a.bytes <= arenas[at.arena]!);
      assert.ok(arenas[at.arena]! <= maxArenaBytes);
      list.slice(0, i).forEach((b, j) => {
        const other = placements[j]!;
        const together = a.first <= b.last && b.first <= a.last;
        const overlap = at.arena === other.arena && at.offset < other.offset + b.bytes &&
          other.offset < at.offset + a.bytes;
        assert.ok(!(together && overlap), `tensors ${i} and ${j} overlap`);
      });
    });
  }));
});

Deno.test("planMemory() needs at least the peak of live bytes and at most the bytes without sharing", () => {
  fc.assert(fc.property(intervals, (list) => {
    const plan = planMemory(list, { maxArenaBytes: 2 ** 40 });
    assert.ok(plan.peakBytes >= plan.lowerBoundBytes);
    assert.ok(plan.peakBytes <= plan.unsharedBytes);
    const alive = Array.from({ length: 100 }, (_, at) =>
      list.filter(({ first, last }) => first <= at && at <= last)
        .reduce((total, { bytes }) => total + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT, 0));
    assert.equal(plan.lowerBoundBytes, Math.max(0, ...alive));
  }));
});

Deno.test("planMemory() reuses the memory of a tensor that is no longer needed", () => {
  const chain = Array.from({ length: 50 }, (_, i): Interval => ({ bytes: 1024, first: i, last: i + 1 }));
  const plan = planMemory(chain, { maxArenaBytes: 2 ** 30 });
  assert.equal(plan.peakBytes, 2048);
  assert.equal(plan.unsharedBytes, 50 * 1024);
});

Deno.test("planMemory() rejects a tensor that is larger than the largest buffer, with both sizes", () => {
  assert.throws(() => planMemory([{ bytes: 5000, first: 0, last: 0 }], { maxArenaBytes: 4096 }), {
    name: "RangeError",
    message: /5120 bytes .* 4096/,
  });
});
