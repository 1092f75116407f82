/**
 * How tiles cover a product, and how its sum is shared out.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  coverTiles,
  foldGroups,
  type ProductSize,
  TILE_SHAPES,
  tileName,
  tileSize,
} from "../../../runtime/kernels/matmul/tile_cover.ts";

function product(rows: number, columns: number, depth: number): ProductSize {
  const bytes = 4 * (rows * depth + depth * columns + rows * columns);
  return { rows, columns, depth, batches: 1, bytes, groups: true };
}

function cheapest(size: ProductSize) {
  return TILE_SHAPES.map((shape) => ({ name: tileName(shape), cover: coverTiles(size, shape) }))
    .reduce((best, each) => (each.cover.cost < best.cover.cost ? each : best));
}

Deno.test("coverTiles() covers all results, and each element of the sum once, for any size", () => {
  const length = fc.integer({ min: 1, max: 5000 });
  fc.assert(fc.property(length, length, fc.integer({ min: 1, max: 300_000 }), (rows, columns, depth) => {
    for (const shape of TILE_SHAPES) {
      const tile = tileSize(shape);
      const cover = coverTiles(product(rows, columns, depth), shape);
      assert.equal(cover.workgroups, cover.rowTiles * cover.columnTiles * cover.shares);
      assert.ok(cover.rowTiles * tile.rows >= rows && (cover.rowTiles - 1) * tile.rows < rows);
      assert.ok(cover.columnTiles * tile.columns >= columns && (cover.columnTiles - 1) * tile.columns < columns);
      assert.equal(cover.depthAShare % shape.depth, 0);
      assert.ok(cover.shares * cover.depthAShare >= depth && (cover.shares - 1) * cover.depthAShare < depth);
      assert.ok(Number.isFinite(cover.cost) && cover.cost > 0);
    }
  }));
});

Deno.test("a small result with a long sum is shared out until large GPUs are busy", () => {
  // The last convolution of the papers' encoder: 4 x 4 pixels of 320 channels to one, for a batch of 32.
  const { cover } = cheapest(product(32, 320, 5120));
  assert.ok(cover.shares > 1);
  assert.ok(cover.workgroups >= 132, `${cover.workgroups} workgroups`);
});

Deno.test("a large result is not shared out, and a short sum never is", () => {
  assert.equal(cheapest(product(100_352, 128, 1024)).cover.shares, 1);
  for (const shape of TILE_SHAPES) assert.equal(coverTiles(product(8, 8, 200), shape).shares, 1);
});

Deno.test("work over 0.1 GFLOP gets a workgroup for each multiprocessor of an H100", () => {
  for (const [rows, columns, depth] of [[3072, 256, 512], [512, 256, 3072], [320, 320, 5120], [32, 320, 5120]]) {
    const { name, cover } = cheapest(product(rows!, columns!, depth!));
    assert.ok(cover.workgroups >= 132, `${name}: ${cover.workgroups} workgroups for ${rows} x ${columns} x ${depth}`);
  }
});

Deno.test("foldGroups() gives each lane about 16 shares, in at most 16 groups", () => {
  assert.deepEqual([1, 16, 17, 32, 33, 256, 5000].map(foldGroups), [1, 1, 2, 2, 4, 16, 16]);
});
