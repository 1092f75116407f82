import assert from "node:assert/strict";
import fc from "fast-check";
import { type MemoryRange, planTexels, type TexelPlacement, type TexelUse } from "../../../runtime/plan/texel_plan.ts";

const BYTES = 100;

/** A piece of memory by its number. */
function piece(number: number, rows: number): MemoryRange & { rows: number } {
  return { buffer: 0, offset: number * BYTES, bytes: BYTES, rows };
}

function copiesOf(placements: readonly TexelPlacement[][]): boolean[][] {
  return placements.map((each) => each.map(({ copied }) => copied));
}

Deno.test("an operand that is in the texture already is not copied again and keeps its place", () => {
  const [gradient, weights, images] = [piece(0, 2), piece(1, 1), piece(2, 2)];
  const { rows, placements } = planTexels([
    { reads: [gradient, weights], writes: [] },
    { reads: [], writes: [piece(3, 0)] },
    { reads: [images, gradient], writes: [] },
  ]);
  assert.equal(rows, 4);
  assert.deepEqual(copiesOf(placements), [[true, true], [], [true, false]]);
  assert.equal(placements[2]![1]!.row, placements[0]![0]!.row);
});

Deno.test("an operand that was written since, also in part, is copied again", () => {
  const reads = [piece(0, 1)];
  for (const [offset, copied] of [[0, true], [99, true], [100, false]] as const) {
    const { placements } = planTexels([
      { reads, writes: [] },
      { reads: [], writes: [{ buffer: 0, offset, bytes: 50 }] },
      { reads, writes: [] },
    ]);
    assert.deepEqual(copiesOf(placements), [[true], [], [copied]]);
  }
  const elsewhere = planTexels([{ reads, writes: [{ buffer: 1, offset: 0, bytes: 50 }] }, { reads, writes: [] }]);
  assert.deepEqual(copiesOf(elsewhere.placements), [[true], [false]]);
});

Deno.test("operands that are not read again are evicted first, then the smaller of two others", () => {
  const [once, small, large] = [piece(0, 2), piece(1, 2), piece(2, 3)];
  const { rows, placements } = planTexels([
    { reads: [once, small, large], writes: [] },
    { reads: [piece(3, 2)], writes: [] },
    { reads: [piece(4, 2), piece(5, 2)], writes: [] },
    { reads: [small, large], writes: [] },
  ]);
  assert.equal(rows, 7);
  assert.equal(placements[1]![0]!.row, placements[0]![0]!.row);
  assert.deepEqual(copiesOf(placements)[3], [true, false]);
});

Deno.test("every dispatch of random programs finds what it reads in the texture, nothing over another, all within its rows", () => {
  const uses = fc.array(
    fc.record({
      reads: fc.array(fc.nat(7), { maxLength: 3 }),
      writes: fc.array(fc.nat(7), { maxLength: 1 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 8, maxLength: 8 });
  let reused = 0;
  fc.assert(fc.property(uses, sizes, (program, rowsOf) => {
    const given = program.map(({ reads, writes }): TexelUse => ({
      reads: [...new Set(reads)].map((number) => piece(number, rowsOf[number]!)),
      writes: writes.map((number) => piece(number, 0)),
    }));
    const { rows, placements } = planTexels(given);
    // What memory and the texture hold: the number of a piece and of its version.
    const version = new Map<number, number>();
    const texture: string[] = new Array(rows).fill("");
    const contents = (offset: number, row: number) => `${offset} ${version.get(offset) ?? 0} ${row}`;
    given.forEach(({ reads, writes }, at) => {
      reads.forEach(({ offset, rows: taken }, i) => {
        const { row, copied } = placements[at]![i]!;
        assert.ok(row >= 0 && row + taken <= rows);
        if (!copied) reused++;
        for (let k = 0; copied && k < taken; k++) texture[row + k] = contents(offset, k);
      });
      reads.forEach(({ offset, rows: taken }, i) => {
        const { row } = placements[at]![i]!;
        for (let k = 0; k < taken; k++) assert.equal(texture[row + k], contents(offset, k));
      });
      for (const { offset } of writes) version.set(offset, (version.get(offset) ?? 0) + 1);
    });
  }));
  assert.ok(reused > 0);
});
