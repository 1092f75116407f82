/**
 * Complete results, produced by the protocol from synthetic latents.
 *
 * @module
 */
import { evaluateLatents } from "../../../eval/protocol/evaluate_latents.ts";
import { type Results, RESULTS_VERSION } from "../../../eval/results/results.ts";
import { syntheticStudies } from "../protocol/synthetic_studies.ts";

/** Results of one run; `mmvm` has less noisy latents than other methods, on the same studies. */
export async function syntheticResults(
  { name, method, seed = 0, noise = 0 }: { name: string; method: string; seed?: number; noise?: number },
): Promise<Results> {
  const { table, views } = syntheticStudies();
  // The same factors with more noise, as from a worse encoder.
  const worse = views.map((view, v) => ({
    ...view,
    values: view.values.map((value, i) => value + noise * Math.sin(12.9898 * (i + 1) + 78.233 * (v + seed + 1)) * 2),
  }));
  const { evaluations, cases } = await evaluateLatents({
    run: { name, method, seed },
    table,
    views: worse,
    latents: "unimodal",
    bootstrap: { resamples: 200, seed: 1 },
  });
  return {
    schema: "mmvm-results",
    version: RESULTS_VERSION,
    title: name,
    createdAt: "2025-01-01T00:00:00.000Z",
    data: {
      dataset: "phantoms",
      synthetic: true,
      views: ["frontal", "lateral"],
      labels: [...table.labels],
      labelSource: "drawn",
      uncertainPolicy: "zeros",
      blankPolicy: "zeros",
      splitPolicy: "official",
      pairPolicy: "all-combinations",
      imageSize: 64,
      cohort: [],
      splits: [],
      prevalence: [],
      viewMix: [],
      patientOverlap: [],
    },
    runs: [{
      name,
      method,
      seed,
      createdAt: "2025-01-01T00:00:00.000Z",
      commands: [`deno task train --run ${name}`],
      config: { method },
      versions: {},
      adapter: { description: "none", profile: "software" },
      seconds: { train: 1 },
      parameters: 10,
      training: { step: [1], loss: [2], reconstruction: [1], kl: [1], alpha: [1], studiesPerSecond: [3] },
    }],
    cases,
    evaluations,
    comparisons: [],
    pictures: [],
    projections: [],
  };
}
