import assert from "node:assert/strict";
import fc from "fast-check";
import { philox, randomNormalData, randomUniformData, randomWords, seedWords } from "../../base/philox.ts";

Deno.test("philox() passes the known-answer tests of Random123", () => {
  assert.deepEqual(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  const ones = 0xffffffff;
  assert.deepEqual(philox([ones, ones, ones, ones], [ones, ones]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
  assert.deepEqual(
    philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

Deno.test("philox() agrees with 64-bit integer arithmetic", () => {
  const word = fc.nat(0xffffffff);
  fc.assert(fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
    assert.deepEqual(philox(counter, key), philoxWithBigInts(counter, key));
  }));
});

function philoxWithBigInts(counter: readonly number[], key: readonly number[]): number[] {
  let [a, b, c, d] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k, l] = key.map(BigInt) as [bigint, bigint];
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p = a * 0xd2511f53n;
    const q = c * 0xcd9e8d57n;
    [a, b, c, d] = [(q >> 32n) ^ b ^ k, q & mask, (p >> 32n) ^ d ^ l, p & mask];
    k = (k + 0x9e3779b9n) & mask;
    l = (l + 0xbb67ae85n) & mask;
  }
  return [a, b, c, d].map(Number);
}

Deno.test("a sequence depends on every part of its key, and a longer one begins with the shorter", () => {
  const base = { seed: 2 ** 40 + 7, stream: 3, step: 5 };
  const words = randomWords(9, base);
  assert.deepEqual(randomWords(9, base), words);
  assert.deepEqual(randomWords(21, base).slice(0, 9), words);
  for (const other of [{ ...base, seed: 7 }, { ...base, stream: 4 }, { ...base, step: 6 }, { ...base, part: 1 }]) {
    const different = randomWords(9, other);
    assert.ok(words.every((word, i) => word !== different[i]), JSON.stringify(other));
  }
  assert.deepEqual(randomWords(9, { seed: 1, stream: 3 }), randomWords(9, { seed: 1, stream: 3, step: 0, part: 0 }));
});

Deno.test("uniform numbers lie in [0, 1), are multiples of 2^-24 and pass a Kolmogorov-Smirnov test", () => {
  const values = randomUniformData(20_000, { seed: 11, stream: 0 });
  assert.ok(values.every((value) => value >= 0 && value < 1 && Number.isInteger(value * 2 ** 24)));
  assert.ok(kolmogorovSmirnov(values, (x) => x) < 1.63 / Math.sqrt(values.length));
});

Deno.test("normal numbers have the moments and the distribution of N(0, 1)", () => {
  const values = randomNormalData(20_000, { seed: 12, stream: 0 });
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
  // Four standard errors of each sample moment: sqrt(variance of x^k / n).
  const errors = [1, 2, 15, 96].map((variance) => 4 * Math.sqrt(variance / values.length));
  [0, 1, 0, 3].forEach((wanted, i) => assert.ok(Math.abs(moment(i + 1) - wanted) < errors[i]!, `moment ${i + 1}`));
  assert.ok(kolmogorovSmirnov(values, normalCdf) < 1.63 / Math.sqrt(values.length));
});

Deno.test("neighbouring numbers, streams and steps are uncorrelated", () => {
  const count = 20_000;
  const base = randomNormalData(count, { seed: 13, stream: 0, step: 0 });
  const others = [
    base.map((_, i) => base[(i + 1) % count]!),
    base.map((_, i) => base[(i + 4) % count]!),
    randomNormalData(count, { seed: 13, stream: 1, step: 0 }),
    randomNormalData(count, { seed: 13, stream: 0, step: 1 }),
    randomNormalData(count, { seed: 14, stream: 0, step: 0 }),
  ];
  others.forEach((other, i) => {
    const correlation = base.reduce((sum, value, j) => sum + value * other[j]!, 0) / count;
    assert.ok(Math.abs(correlation) < 4 / Math.sqrt(count), `pair ${i}: ${correlation}`);
  });
});

Deno.test("an odd number of normal numbers is a prefix of the even sequence", () => {
  const key = { seed: 5, stream: 2 };
  assert.deepEqual(randomNormalData(7, key), randomNormalData(8, key).slice(0, 7));
});

Deno.test("keys out of range are rejected by name", () => {
  assert.throws(() => seedWords(-1), /seed/);
  assert.throws(() => seedWords(0.5), /seed/);
  assert.throws(() => seedWords(2 ** 53), /seed/);
  assert.throws(() => randomWords(1, { seed: 0, stream: -1 }), /stream/);
  assert.throws(() => randomWords(1, { seed: 0, stream: 0, step: 2 ** 32 }), /step/);
  assert.deepEqual(seedWords(2 ** 53 - 1), [0xffffffff, 0x1fffff]);
});

/** Largest distance between the empirical and the given distribution function. */
function kolmogorovSmirnov(values: Float32Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  return sorted.reduce((worst, x, i) => {
    const p = cdf(x);
    return Math.max(worst, p - i / sorted.length, (i + 1) / sorted.length - p);
  }, 0);
}

/** Distribution function of N(0, 1), by Marsaglia's series. */
function normalCdf(x: number): number {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let sum = 0;
  let term = x;
  for (let i = 3; sum + term !== sum; i += 2) {
    sum += term;
    term *= x * x / i;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}
