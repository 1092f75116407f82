/**
 * The AUROC of two classifiers with confidence intervals, and a test of their difference: patients are resampled, not
 * studies, because studies of one patient resemble each other.
 *
 *     deno run --allow-read examples/bootstrap_auroc.ts
 *
 * @module
 */
import { auroc, bootstrapP, bootstrapScores, delongTest, percentileInterval } from "../eval/mod.ts";
import { randomNormalData } from "../runtime/mod.ts";

// 300 studies of 150 patients, a third of them positive; the second classifier sees the label through more noise.
const STUDIES = 300;
const labels = Array.from({ length: STUDIES }, (_, i): 0 | 1 => i % 3 === 0 ? 1 : 0);
const subjectIds = labels.map((_, i) => `patient ${Math.floor(i / 2)}`);
const scoresOf = (stream: number, noise: number) =>
  Array.from(randomNormalData(STUDIES, { seed: 1, stream, step: 0 }), (value, i) => labels[i]! + noise * value);
const classifiers = { sharp: scoresOf(0, 0.8), blurred: scoresOf(1, 1.6) };

const samples: Float64Array[] = [];
for (const [name, scores] of Object.entries(classifiers)) {
  const { auroc: resampled } = await bootstrapScores({ subjectIds, labels: [labels] }, [scores], {
    resamples: 1000,
    seed: 1,
  });
  samples.push(resampled[0]!);
  const { value, low, high } = percentileInterval(auroc(labels, scores), resampled[0]!);
  console.log(`${name}: AUROC ${value!.toFixed(3)}, 95 % interval ${low!.toFixed(3)} to ${high!.toFixed(3)}`);
}

// Equal seeds draw equal resamples, so the differences are paired.
const [first, second] = samples as [Float64Array, Float64Array];
const differences = first.map((value, i) => value - second[i]!);
console.log(`paired bootstrap: p = ${bootstrapP(differences)!.toFixed(4)}`);
const delong = delongTest(labels, [classifiers.sharp, classifiers.blurred])!;
console.log(`DeLong, as if all studies were independent: p = ${delong.p.toExponential(1)}`);
