/**
 * The projections of latents that the report embeds, chosen and reduced to bound the size of the file.
 *
 * @module
 */
import type { Cases, Projection, Results } from "../../../eval/results/results.ts";
import type { ScatterData } from "../charts/scatter.ts";
import { UNITS } from "./curves.ts";
import type { Summary } from "./summary.ts";
import { bestMethod } from "./ties.ts";

/** Most studies drawn per projection: more would overlap, and enlarge the file. */
const MOST_STUDIES = 600;

/** Most points in all projections together, about 250 kB of the file. */
const MOST_POINTS = 30_000;

/**
 * The projections of the report with the labels of their points, used both when the report is made and by the client
 * script.
 */
export interface Latents {
  readonly projections: readonly ScatterData[];
  /** Per set of cases and label: one character per point (see {@linkcode ScatterLabel}). */
  readonly states: readonly (readonly string[])[];
  /** Per set of cases: the name of each point, with its view position and, if identifiers are included, its study. */
  readonly names: readonly (readonly string[])[];
}

/**
 * Collects the projections, the best method's first, each reduced to at most {@linkcode MOST_STUDIES} evenly spaced
 * studies.
 */
export function collectLatents(ctx: { results: Results; summary: Summary; includeIds: boolean }): Latents {
  const { results } = ctx;
  const method = new Map(results.runs.map((run) => [run.name, run.method]));
  const caseSets = new Map(results.cases.map((cases) => [cases.id, cases]));
  const projections = chosenProjections(ctx, { method, caseSets });
  const sets = [...new Set(projections.map((projection) => projection.cases))].map((id) => caseSets.get(id)!);
  const kept = sets.map((cases) => evenlySpaced(cases.studyIds.length));
  return {
    projections: projections.map((projection) => {
      const cases = sets.findIndex((set) => set.id === projection.cases);
      return scatterData(projection, {
        method: method.get(projection.run) ?? projection.run,
        cases,
        kept: kept[cases]!,
      });
    }),
    states: sets.map((cases, k) =>
      cases.labels.map((states) => kept[k]!.map((i) => String(states[i] ?? "-")).join(""))
    ),
    names: sets.map((cases, k) =>
      kept[k]!.map((i) => {
        const { studyIds, subjectIds, viewPositions } = cases;
        const study = ctx.includeIds ? `study ${studyIds[i]}, patient ${subjectIds[i]}` : `test study ${i + 1}`;
        return viewPositions[i] ? `${study}, ${viewPositions[i]}` : study;
      })
    ),
  };
}

/** Chooses whole runs within the point budget: one run of every method, the best method first, then further seeds. */
function chosenProjections(
  ctx: { results: Results; summary: Summary },
  known: { method: ReadonlyMap<string, string>; caseSets: ReadonlyMap<string, Cases> },
): Projection[] {
  const usable = ctx.results.projections.filter(({ cases, x, y }) => {
    const studies = known.caseSets.get(cases)?.studyIds.length;
    return studies !== undefined && studies > 0 && x.length === studies && y.length === studies;
  });
  const runs = [...Map.groupBy(usable, (projection) => projection.run).values()];
  const methodOf = (run: readonly Projection[]) => known.method.get(run[0]!.run) ?? "";
  const best = bestMethod(ctx.summary, new Set(runs.map(methodOf)));
  const seen = new Set<string>();
  const ranked = runs.map((run) => {
    const again = seen.has(methodOf(run));
    seen.add(methodOf(run));
    return { run, rank: (again ? 2 : 0) + (methodOf(run) === best ? 0 : 1) };
  }).sort((a, b) => a.rank - b.rank);
  let room = MOST_POINTS;
  return ranked.flatMap(({ run }) => {
    room -= run.reduce((sum, { x }) => sum + Math.min(x.length, MOST_STUDIES), 0);
    return room >= 0 ? run : [];
  });
}

/** Whether every case has exactly one positive label, as with digits. */
export function areExclusive(states: readonly string[]): boolean {
  const cases = Array.from(states[0] ?? "", (_, i) => states.filter((label) => label.charAt(i) === "1").length);
  return states.length > 1 && cases.every((count) => count === 1);
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

function evenlySpaced(length: number): number[] {
  const count = Math.min(length, MOST_STUDIES);
  return Array.from({ length: count }, (_, k) => Math.floor(k * length / count));
}
