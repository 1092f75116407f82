import assert from "node:assert/strict";
import { calibrateLabels } from "../../../eval/protocol/calibrate.ts";
import { FastRandom } from "../../../base/random.ts";

/** Studies whose labels are drawn with probability sigmoid(z), and scores sigmoid(z * factor). */
function overconfident({ count, factor, seed }: { count: number; factor: number; seed: number }) {
  const random = new FastRandom(seed, 1);
  const logits = Array.from({ length: count }, () => 2 * random.normal());
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  return {
    labels: [logits.map((z): 0 | 1 => random.uniform() < sigmoid(z) ? 1 : 0)],
    scores: [logits.map((z) => sigmoid(factor * z))],
  };
}

Deno.test("temperature scaling on validation undoes overconfidence on the test studies", () => {
  const test = overconfident({ count: 3000, factor: 3, seed: 1 });
  const validation = overconfident({ count: 3000, factor: 3, seed: 2 });
  const [measured] = calibrateLabels(test, { validation, exclusive: false });
  const { error, temperature, scaled } = measured!;
  assert.ok(Math.abs(temperature! - 3) < 0.25, `temperature ${temperature}`);
  assert.ok(error! > 0.08 && scaled!.error! < 0.03, `${error} -> ${scaled!.error}`);
  assert.equal(scaled!.reliability.reduce((sum, { count }) => sum + count, 0), 3000);
});

Deno.test("exclusive labels share a temperature, under which their scores add up to 1", () => {
  const classes = [0, 1, 2, 0, 1, 2, 0, 1];
  const labels = [0, 1, 2].map((k) => classes.map((c): 0 | 1 => c === k ? 1 : 0));
  const scores = labels.map((own, k) =>
    own.map((label, i) => label === 1 ? (i === 3 ? 0.2 : 0.6) : 0.2 + (i === 3 && k === 1 ? 0.4 : 0))
  );
  const studies = { labels, scores };
  const measured = calibrateLabels(studies, { validation: studies, exclusive: true });
  assert.equal(new Set(measured.map((one) => one!.temperature)).size, 1);
  const predicted = measured.flatMap((one) =>
    one!.scaled!.reliability.map(({ predicted, count }) => predicted * count)
  );
  assert.ok(Math.abs(predicted.reduce((a, b) => a + b, 0) - classes.length) < 1e-9);
});

Deno.test("without a classifier there is no calibration, and without both classes in validation no temperature", () => {
  type Labels = (0 | 1 | null)[][];
  const test = { labels: [[0, 1], [0, 1], [null, null]] as Labels, scores: [[0.25, 0.75], null, [0.1, 0.2]] };
  const validation = { labels: [[1, 1], [0, 1], [0, 1]] as Labels, scores: [[0.7, 0.8], null, null] };
  for (const exclusive of [false, true]) {
    assert.deepEqual(calibrateLabels(test, { validation, exclusive }), [
      { error: 0.25, temperature: null, scaled: null },
      undefined,
      { error: null, temperature: null, scaled: null },
    ]);
  }
});
