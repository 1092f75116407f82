import assert from "node:assert/strict";
import fc from "fast-check";
import { horizontalPass, type Weights } from "../../../../data/image/scale/horizontal_pass.ts";
import { resampleSquare } from "../../../../data/image/scale/resample.ts";
import { SeededRandom } from "../../../../base/random.ts";

function noise(length: number, seed: number): Uint8Array {
  const random = new SeededRandom("noise", seed);
  return Uint8Array.from({ length }, () => random.below(256));
}

/** Reference implementation by definition, one pixel at a time, with exact integers. */
function reference(region: Parameters<typeof horizontalPass>[0], kernel: Weights, size: number): Uint8Array {
  const { pixels, stride, left, top, side } = region;
  const out = new Uint8ClampedArray(side * size);
  for (let y = 0; y < side; y++) {
    for (let i = 0; i < size; i++) {
      let sum = 2 ** 21;
      for (let k = 0; k < kernel.length[i]!; k++) {
        sum += pixels[(top + y) * stride + left + kernel.first[i]! + k]! * kernel.weights[i * kernel.width + k]!;
      }
      out[y * size + i] = Math.floor(sum / 2 ** 22);
    }
  }
  return new Uint8Array(out.buffer);
}

Deno.test("horizontalPass() computes exact weighted sums, rounded and clamped, for any region and weights", () => {
  const extents = fc.record({
    side: fc.integer({ min: 1, max: 40 }),
    size: fc.integer({ min: 1, max: 40 }),
    margin: fc.integer({ min: 0, max: 5 }),
    width: fc.integer({ min: 1, max: 21 }),
    seed: fc.nat(),
  });
  fc.assert(fc.property(extents, ({ side, size, margin, width, seed }) => {
    const random = new SeededRandom("weights", seed);
    const length = Int32Array.from({ length: size }, () => 1 + random.below(Math.min(width, side)));
    const kernel: Weights = {
      length,
      first: length.map((taps) => random.below(side - taps + 1)),
      // Large enough to exceed a byte's range on both sides, small enough for 32 bits.
      weights: Int32Array.from({ length: size * width }, () => Math.round((random.uniform() - 0.4) * 2 ** 23 / width)),
      width,
    };
    const stride = side + 2 * margin;
    const region = { pixels: noise(stride * (side + margin), seed), stride, left: margin, top: margin, side };
    assert.deepEqual(horizontalPass(region, kernel, size), reference(region, kernel, size));
  }));
});

Deno.test("resampleSquare() keeps constant images constant and does not change images of the target size", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 90 }), fc.nat(255), (side, size, level) => {
      const flat = { pixels: new Uint8Array(side * side).fill(level), stride: side, left: 0, top: 0, side };
      const out = resampleSquare(flat, size);
      assert.equal(out.length, size * size);
      assert.ok(out.every((value) => value === level));
    }),
  );
  const pixels = noise(25, 1);
  assert.deepEqual(
    resampleSquare({ pixels, stride: 5, left: 1, top: 2, side: 3 }, 3),
    Uint8Array.from([11, 12, 13, 16, 17, 18, 21, 22, 23].map((i) => pixels[i]!)),
  );
});

Deno.test("resampleSquare() commutes with mirroring, as a symmetric kernel must", () => {
  const side = 37;
  const pixels = noise(side * side, 3);
  const mirrored = pixels.map((_, i) => pixels[Math.floor(i / side) * side + side - 1 - i % side]!);
  const [a, b] = [pixels, mirrored].map((picture) =>
    resampleSquare({ pixels: picture, stride: side, left: 0, top: 0, side }, 16)
  );
  b!.forEach((value, i) => assert.ok(Math.abs(value - a![Math.floor(i / 16) * 16 + 15 - i % 16]!) <= 1));
});

Deno.test("resampleSquare() takes squares that begin and end between samples", () => {
  const [stride, rows] = [40, 30];
  const ramp = Uint8Array.from({ length: stride * rows }, (_, i) => 3 * (i % stride) + 4 * Math.floor(i / stride));
  for (const [left, top, side, size] of [[2.5, 1.25, 24, 8], [0, 3.75, 20.5, 5], [7.875, 0, 29.125, 7]] as const) {
    const out = resampleSquare({ pixels: ramp, stride, left, top, side }, size);
    const scale = side / size;
    // Away from the edges, where the kernel would reach beyond the square, a ramp stays a ramp.
    for (let y = 2; y < size - 2; y++) {
      for (let x = 2; x < size - 2; x++) {
        const expected = 3 * (left + (x + 0.5) * scale - 0.5) + 4 * (top + (y + 0.5) * scale - 0.5);
        assert.ok(Math.abs(out[y * size + x]! - expected) <= 1, `(${x}, ${y}) of a side of ${side}`);
      }
    }
  }
});
