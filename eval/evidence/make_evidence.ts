/**
 * Makes the record of an experiment from its results, and merges records.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { DataError } from "../../base/errors.ts";
import { bootstrapScores, macroSamples } from "../metrics/bootstrap.ts";
import type { Cases, Evaluation, Results } from "../results/results.ts";
import {
  EVIDENCE_VERSION,
  type EvidenceEvaluation,
  type EvidenceRecord,
  type EvidenceRun,
  type EvidenceTest,
} from "./evidence_record.ts";
import { tradeOffPoints } from "./trade_off.ts";

/** Resamples of the bootstrap, as in the tables of experiments. */
const RESAMPLES = 1000;

/**
 * Makes the record of an experiment.
 *
 * @param options.resamples Number of resamples; 1,000 by default. Records that are merged must have the same.
 * @param options.workers Number of workers for them.
 */
export async function makeEvidence(
  results: Results,
  { resamples = RESAMPLES, workers }: { resamples?: number; workers?: number } = {},
): Promise<EvidenceRecord> {
  const { title, createdAt, data: { dataset, synthetic, views, labels, splits } } = results;
  const tests = new Map(results.cases.map((cases) => [cases.id, testOf(cases)]));
  const evaluations: EvidenceEvaluation[] = [];
  for (const cases of results.cases) {
    const own = results.evaluations.filter((each) => each.cases === cases.id);
    const { auroc } = await bootstrapScores(
      { subjectIds: cases.subjectIds, labels: own.flatMap(() => cases.labels) },
      own.flatMap(({ scores }) => scores),
      { resamples, workers },
    );
    own.forEach((each, i) => {
      const included = labels.map((label) => each.macro.labels.includes(label));
      const samples = macroSamples(auroc.slice(i * labels.length, (i + 1) * labels.length), included);
      evaluations.push({ ...withoutScores(each), test: tests.get(cases.id)!.id, samples: encodeSamples(samples) });
    });
  }
  return {
    schema: "mmvm-evidence",
    version: EVIDENCE_VERSION,
    title,
    createdAt,
    data: { dataset, synthetic, views, labels, splits },
    resamples,
    tests: [...new Map([...tests.values()].map((test) => [test.id, test])).values()],
    runs: results.runs.map(({ name, method, seed, createdAt, config, versions, adapter }): EvidenceRun => ({
      ...{ name, method, seed, createdAt, versions, adapter },
      config: withoutPaths(config) as Record<string, unknown>,
    })),
    evaluations,
    tradeOff: tradeOffPoints(results),
  };
}

function testOf({ split, studyIds, subjectIds, labels }: Cases): EvidenceTest {
  const id = createHash("sha256").update(JSON.stringify([studyIds, subjectIds, labels])).digest("hex").slice(0, 16);
  return { id, split, studies: studyIds.length, patients: new Set(subjectIds).size };
}

function withoutScores(evaluation: Evaluation): Omit<EvidenceEvaluation, "test" | "samples"> {
  const { cases: _cases, scores: _scores, metrics: _metrics, subgroups: _groups, labelSets: _sets, ...rest } =
    evaluation;
  return rest;
}

/** Leaves out texts that may be paths, which say where somebody keeps data. */
function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => typeof inner !== "string" || !/[/\\]/.test(inner));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutPaths(inner)]));
}

/** Float32 has seven digits, of which tables show three. */
function encodeSamples(samples: Float64Array): string {
  const bytes = Buffer.alloc(4 * samples.length);
  samples.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes.toString("base64");
}

/**
 * Merges two records of an experiment. Where both have the same run, evaluation or point, the second one's is taken.
 *
 * @throws {DataError} if they differ in title, labels, resamples or test studies, so that runs cannot be compared.
 */
export function mergeEvidence(old: EvidenceRecord, added: EvidenceRecord): EvidenceRecord {
  const differing = differenceOf(old, added);
  if (differing !== undefined) {
    throw new DataError(
      `the kept results of ${old.title} ${differing}; delete the kept file to begin anew, or write to another folder`,
    );
  }
  return {
    ...added,
    createdAt: old.createdAt > added.createdAt ? old.createdAt : added.createdAt,
    tests: union(old.tests, added.tests, ({ id }) => id),
    runs: union(old.runs, added.runs, ({ name }) => name),
    evaluations: union(old.evaluations, added.evaluations, evaluationKey),
    tradeOff: union(
      old.tradeOff,
      added.tradeOff,
      ({ method, beta, latentDim, seed }) => JSON.stringify([method, beta, latentDim, seed]),
    ),
    reportRuns: mostRuns(old, added),
  };
}

/** A report of a part, as of a single seed or of some methods, does not replace one of more runs. */
function mostRuns(...records: readonly EvidenceRecord[]): number | undefined {
  const counts = records.flatMap(({ reportRuns }) => reportRuns ?? []);
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/**
 * Adds what the record of another experiment has to a record, of which every arm of the other is part. Where both have
 * the same run or evaluation, the record's own is kept.
 *
 * @param options.methods The methods whose runs are added, if only their arms are part of the record; all by default.
 * @returns The record, or what keeps the two from being merged: `were scored on other test studies in view frontal`.
 */
export function includeEvidence(
  record: EvidenceRecord,
  other: EvidenceRecord,
  { methods }: { methods?: readonly string[] } = {},
): EvidenceRecord | string {
  const isOwn = ({ method }: { method: string }) => methods === undefined || methods.includes(method);
  const included = {
    ...other,
    title: record.title,
    runs: other.runs.filter(isOwn),
    evaluations: other.evaluations.filter(isOwn),
    tradeOff: other.tradeOff.filter(isOwn),
    reportRuns: undefined,
  };
  return differenceOf(included, record) ?? mergeEvidence(included, record);
}

function evaluationKey(each: EvidenceEvaluation): string {
  const { run, view, probe, latents, labelledFraction, probeSeed, setting } = each;
  const settings = Object.entries(setting).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([run, view, probe, latents, labelledFraction, probeSeed, settings]);
}

function union<T>(old: readonly T[], added: readonly T[], key: (item: T) => string): T[] {
  return [...new Map([...old, ...added].map((item) => [key(item), item])).values()];
}

/** What keeps two records from being merged. */
function differenceOf(old: EvidenceRecord, added: EvidenceRecord): string | undefined {
  if (old.title !== added.title) return `are not those of ${added.title}`;
  if (JSON.stringify(old.data.labels) !== JSON.stringify(added.data.labels)) return "have other labels";
  if (old.resamples !== added.resamples) return `have ${old.resamples} resamples, and the new ones ${added.resamples}`;
  const testsOf = (record: EvidenceRecord, view: string) =>
    record.evaluations.filter((each) => each.view === view).map(({ test }) => test);
  for (const view of added.data.views) {
    const [before, now] = [testsOf(old, view), testsOf(added, view)];
    if (before.length > 0 && now.some((test) => !before.includes(test))) {
      return `were scored on other test studies in view ${view}`;
    }
  }
  return undefined;
}
