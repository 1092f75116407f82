/**
 * Latents of a run's encoders, and the evaluation of probes on them.
 *
 * @module
 */
import { isDigits, SPLITS } from "../../data/mod.ts";
import type { EncoderInference, VaeInference } from "../../models/mod.ts";
import { type EvaluatedLatents, evaluateLatents, type LatentEvaluation } from "../protocol/evaluate_latents.ts";
import { projectLatents } from "../protocol/projection.ts";
import { casesOf, studiesWithLatents, type StudyTable, studyTable, type ViewLatents } from "../protocol/study_table.ts";
import type { Projection } from "../results/results.ts";
import type { RunViews } from "../../training/data/run_views.ts";
import { encodePairs } from "./encode_pairs.ts";
import type { EvaluateRunOptions } from "./evaluate_run_options.ts";
import type { EncoderState } from "./latents_memory.ts";

/** Latents of every view, and what probes make of them. */
export interface Probed extends EvaluatedLatents {
  readonly table: StudyTable;
  readonly latents: readonly ViewLatents[];
  readonly projections: Projection[];
  readonly encodeSeconds: number;
  readonly probeSeconds: number;
}

/** Encodes every pair with the model's current parameters, unless an earlier measurement did. */
export async function encodeViews(
  model: VaeInference | EncoderInference,
  options: EvaluateRunOptions & { views: RunViews; state: EncoderState },
): Promise<readonly ViewLatents[]> {
  const { data, views: { pairs }, memory, state } = options;
  const encode = () =>
    encodePairs({
      model,
      data,
      pairs,
      onProgress: ({ done, total }) => options.onProgress?.({ stage: "encoding", done, total }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  return await (memory?.of(state, data, encode) ?? encode());
}

/** How latents and floors are evaluated. */
export function protocolOf(options: EvaluateRunOptions & { views: RunViews }): Omit<LatentEvaluation, "run" | "views"> {
  const { config, data } = options;
  return {
    // Labelled patients are drawn from all pairs, so that runs on some views draw the same ones.
    table: studyTable(data.index, data.pairs.count > 0 ? data.pairs : options.views.pairs),
    latents: "unimodal",
    exclusive: isDigits(data.index.dataset),
    ...(options.probe ? { probe: options.probe } : {}),
    labelledFractions: options.labelledFractions ?? [config.training.labelled ?? 1],
    probeSeeds: options.probeSeeds ?? [config.training.labelledSeed ?? 0],
    ...(options.bootstrap ? { bootstrap: options.bootstrap } : {}),
    ...(options.workers ? { workers: options.workers } : {}),
  };
}

/** Encodes every pair, and scores the latents by the protocol unless the run is not to be evaluated. */
export async function probeLatents(
  model: VaeInference | EncoderInference,
  options: EvaluateRunOptions & { views: RunViews },
): Promise<Probed> {
  const { config } = options;
  const run = config.name;
  const started = performance.now();
  const latents = await encodeViews(model, { ...options, state: "trained" });
  const encoded = performance.now();
  const protocol = protocolOf(options);
  const { table } = protocol;
  const seconds = { encodeSeconds: (encoded - started) / 1000 };
  if (config.training.noEvaluation) {
    return { ...projected(latents, { run, table }), table, latents, ...seconds, probeSeconds: 0 };
  }
  const evaluated = await evaluateLatents({
    ...protocol,
    run: { name: run, method: config.model.method, seed: config.training.seed },
    views: latents,
    onProgress: ({ done, total }) => options.onProgress?.({ stage: "probing", done, total }),
  });
  const projections = latents.flatMap((own) => projectLatents(own, { run, table, cases: evaluated.cases }));
  return {
    ...evaluated,
    table,
    latents,
    projections,
    ...seconds,
    probeSeconds: (performance.now() - encoded) / 1000,
  };
}

/** The latents without scores: the projections of a view's studies, of the last split that has any. */
function projected(
  views: readonly ViewLatents[],
  { run, table }: { run: string; table: StudyTable },
): EvaluatedLatents & { projections: Projection[] } {
  const split = [...SPLITS].reverse().find((split) =>
    views.every((latents) => studiesWithLatents(table, latents, split).length > 0)
  );
  if (split === undefined) return { evaluations: [], cases: [], projections: [] };
  const cases = views.map((latents) =>
    casesOf(table, studiesWithLatents(table, latents, split), { id: `${split}-${latents.view}`, split })
  );
  return {
    evaluations: [],
    cases,
    projections: views.flatMap((latents) => projectLatents(latents, { run, table, cases, split })),
  };
}
