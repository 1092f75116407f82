import type { Projection, Results } from "../eval/results_schema.ts";
import type { ScatterData } from "./charts/scatter.ts";
import { UNITS } from "./curves.ts";
import type { Summary } from "./summary.ts";
import { bestMethod } from "./ties.ts";

/** Studies drawn in a projection: more would hide each other, and swell the file. */
const MOST_STUDIES = 600;

/** Projections embedded for the reader to choose from. */
const MOST_PROJECTIONS = 40;

/** The projections of the report with the labels of their points, for the server and the client script alike. */
export interface Latents {
  readonly projections: readonly ScatterData[];
  /** Per set of cases, per label: one character a point. */
  readonly states: readonly (readonly string[])[];
  /** Per set of cases, what a point is called: its view position, and its study where identifiers are included. */
  readonly names: readonly (readonly string[])[];
}

/** Projections of the best method first; at most a few hundred studies of each, evenly chosen. */
export function collectLatents(ctx: { results: Results; summary: Summary; includeIds: boolean }): Latents {
  const { results, summary } = ctx;
  const method = new Map(results.runs.map((run) => [run.name, run.method]));
  const usable = results.projections.filter((p) =>
    results.cases.some((cases) =>
      cases.id === p.cases && cases.studyIds.length === p.x.length && p.x.length === p.y.length
    )
  );
  const best = bestMethod(summary, new Set(usable.map((projection) => method.get(projection.run) ?? "")));
  const ordered = usable.sort((a, b) => Number(method.get(b.run) === best) - Number(method.get(a.run) === best)).slice(
    0,
    MOST_PROJECTIONS,
  );
  const ids = [...new Set(ordered.map((projection) => projection.cases))];
  const kept = ids.map((id) => evenly(results.cases.find((cases) => cases.id === id)!.studyIds.length));
  return {
    projections: ordered.map((projection) =>
      scatterData(projection, {
        method: method.get(projection.run) ?? projection.run,
        cases: ids.indexOf(projection.cases),
        kept: kept[ids.indexOf(projection.cases)]!,
      })
    ),
    states: ids.map((id, k) => {
      const cases = results.cases.find((one) => one.id === id)!;
      return cases.labels.map((states) =>
        kept[k]!.map((i) => states[i] === null || states[i] === undefined ? "-" : String(states[i])).join("")
      );
    }),
    names: ids.map((id, k) => {
      const cases = results.cases.find((one) => one.id === id)!;
      return kept[k]!.map((i) => {
        const study = ctx.includeIds
          ? `study ${cases.studyIds[i]}, patient ${cases.subjectIds[i]}`
          : `test study ${i + 1}`;
        return cases.viewPositions[i] ? `${study}, ${cases.viewPositions[i]}` : study;
      });
    }),
  };
}

function scatterData(
  projection: Projection,
  options: { method: string; cases: number; kept: readonly number[] },
): ScatterData {
  return {
    run: projection.run,
    method: options.method,
    view: projection.view,
    kind: projection.kind,
    x: inUnits(projection.x, options.kept),
    y: inUnits(projection.y, options.kept),
    explained: projection.explained ?? null,
    cases: options.cases,
  };
}

function inUnits(values: readonly number[], kept: readonly number[]): number[] {
  const shown = kept.map((i) => values[i]!);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const room = (high - low || 1) * 0.04;
  return shown.map((value) => Math.round((value - low + room) / (high - low + 2 * room || 1) * UNITS));
}

function evenly(length: number): number[] {
  const count = Math.min(length, MOST_STUDIES);
  return Array.from({ length: count }, (_, k) => Math.floor(k * length / count));
}
