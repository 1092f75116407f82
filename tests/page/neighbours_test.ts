import assert from "node:assert/strict";
import { nearestRows } from "../../page/client/neighbours.ts";
import { shrink } from "../../page/export/neighbours.ts";

Deno.test("nearestRows() orders rows by their distance", () => {
  const rows = Float32Array.of(0, 0, 3, 4, 1, 0, 10, 10);
  assert.deepEqual(nearestRows([0, 0], rows, { count: 3 }), [
    { row: 0, distance: 0 },
    { row: 2, distance: 1 },
    { row: 1, distance: 5 },
  ]);
  assert.equal(nearestRows([0, 0], rows, { count: 9 }).length, 4);
});

Deno.test("shrink() averages the pixels that each pixel covers", () => {
  const pixels = Uint8Array.from({ length: 16 }, (_, i) => 10 * i);
  assert.deepEqual(shrink(pixels, { size: 4, side: 2 }), Uint8Array.of(25, 45, 105, 125));
  assert.deepEqual(shrink(pixels, { size: 4, side: 4 }), pixels);
  assert.deepEqual(shrink(new Uint8Array(25).fill(7), { size: 5, side: 3 }), new Uint8Array(9).fill(7));
});
