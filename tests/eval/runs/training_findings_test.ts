import assert from "node:assert/strict";
import { plateauOf, spikesOf, trainingFindings } from "../../../eval/runs/training_findings.ts";
import type { MetricsLine, SharingLine, ValidationLine } from "../../../training/mod.ts";

const LATENT_DIM = 32;

function findings(
  given: { sharing?: SharingLine; steps?: MetricsLine[]; sharesSoftly?: boolean },
): string[] {
  const { sharing, steps = [], sharesSoftly = true } = given;
  const line: ValidationLine = { kind: "validation", step: 1, epoch: 1, loss: 1, pairs: 16, seconds: 1 };
  const validations = sharing ? [{ ...line, sharing }] : [];
  return trainingFindings({ steps, validations, latentDim: LATENT_DIM, sharesSoftly });
}

function stepsOf(losses: readonly number[], norms = losses.map(() => 1)): MetricsLine[] {
  return losses.map((loss, step) => ({
    step,
    loss,
    gradientNorm: norms[step]!,
    alpha: 0,
    learningRate: 1e-3,
    studiesPerSecond: 1,
    seconds: step,
  }));
}

const HEALTHY: SharingLine = {
  kl: [{ from: "frontal", to: "lateral", forward: 4, backward: 3, ratio: 4 / 3 }],
  responsibility: { frontal: 0.55, lateral: 0.45 },
  activeUnits: { frontal: 20, lateral: 12 },
};

Deno.test("a run within bounds has no findings", () => {
  assert.deepEqual(
    findings({ sharing: HEALTHY, steps: stepsOf(Array.from({ length: 500 }, (_, i) => 1 / (i + 1))) }),
    [],
  );
  assert.deepEqual(findings({}), []);
});

Deno.test("asymmetric sharing is found in either direction, and names the sharper view", () => {
  const [forward] = findings({
    sharing: { ...HEALTHY, kl: [{ ...HEALTHY.kl[0]!, forward: 40, backward: 4, ratio: 10 }] },
  });
  assert.match(
    forward!,
    /^Sharing is asymmetric: KL\(frontal \|\| lateral\) is 40\.0 nats and .* 4\.00, 10 to 1 \(bound 3\)/,
  );
  assert.match(forward!, /the posterior of lateral is much sharper than that of frontal\.$/);
  const [backward] = findings({
    sharing: { ...HEALTHY, kl: [{ ...HEALTHY.kl[0]!, forward: 4, backward: 40, ratio: 0.1 }] },
  });
  assert.match(backward!, /KL\(lateral \|\| frontal\) is 40\.0 .*the posterior of frontal is much sharper/);
});

Deno.test("a view without a share of the mixture and one with few active units are named", () => {
  const found = findings({
    sharing: {
      ...HEALTHY,
      responsibility: { frontal: 0.85, lateral: 0.15 },
      activeUnits: { frontal: 20, lateral: 3 },
    },
  });
  assert.equal(found.length, 2);
  assert.match(found[0]!, /^The lateral view has 15% of the responsibility .* even share is 50% \(bound 20%\)/);
  assert.match(found[1]!, /^The lateral view uses 3 of 32 latent units \(bound 10%\)/);
});

Deno.test("views that share nothing may differ, but their units count", () => {
  const sharing = {
    kl: [{ from: "a", to: "b", forward: 400, backward: 4, ratio: 100 }],
    responsibility: { a: 0.99, b: 0.01 },
    activeUnits: { a: 30, b: 0 },
  };
  const found = findings({ sharing, sharesSoftly: false });
  assert.deepEqual(found.map((sentence) => sentence.slice(0, 10)), ["The b view"]);
});

Deno.test("spikes are norms of ten times the median of the hundred steps before", () => {
  const norms = Array.from({ length: 400 }, (_, i) => i < 10 ? 1000 : 1 + (i % 7) / 10);
  assert.deepEqual(spikesOf(norms), [], "the first steps are large in any run");
  norms[200] = 14;
  norms[201] = 12.9;
  norms[300] = 99;
  assert.deepEqual(spikesOf(norms), [200, 300]);
  assert.deepEqual(spikesOf(norms.slice(0, 50)), []);
  const [found] = findings({ steps: stepsOf(norms.map(() => 1), norms) });
  assert.match(found!, /in 2 of 400 steps \(200, 300; bound one in 1,000\): training is unstable/);
});

Deno.test("a plateau is found if the loss leaves it late and falls far", () => {
  const losses = (shape: (share: number) => number) => Array.from({ length: 1000 }, (_, i) => shape(i / 1000));
  const falling = losses((share) => Math.exp(-5 * share));
  assert.equal(plateauOf(falling), undefined);
  const left = losses((share) => share < 0.2 ? 10 - 20 * share : share < 0.7 ? 6 : 6 - 10 * (share - 0.7));
  const found = plateauOf(left)!;
  assert.ok(Math.abs(found.from - 0.2) <= 0.04 && Math.abs(found.to - 0.7) <= 0.04, JSON.stringify(found));
  assert.ok(found.fall > 0.4 && found.fall < 0.45);
  const early = losses((share) => share < 0.05 ? 10 : share < 0.3 ? 6 : 6 - 5 * (share - 0.3));
  assert.equal(plateauOf(early), undefined, "a plateau that is left early is none to speak of");
  const final = losses((share) => share < 0.2 ? 10 - 20 * share : 6);
  assert.equal(plateauOf(final), undefined, "a run that has converged stays");
  assert.equal(plateauOf(left.slice(0, 60)), undefined, "too few steps to tell");
  const [sentence] = findings({ steps: stepsOf(left) });
  assert.match(
    sentence!,
    /^The loss stayed on a plateau from step 200 to 7\d\d and made 4\d% of its whole fall only then/,
  );
});
