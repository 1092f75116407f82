/**
 * Simulated results for the report tests: schema-valid, with the size and shape of real results, and determined by a
 * seed. None of the numbers was measured.
 *
 * @module
 */
import type { Comparison, Evaluation, Results } from "../../../eval/results/results.ts";
import { resultsSchema } from "../../../eval/results/results_schema.ts";
import { grayPng } from "./fixture_png.ts";
import { intervalAround, labelMetrics, macroOf } from "./fixture_metrics.ts";
import { runRecord } from "./fixture_run.ts";

/** The fourteen labels of MIMIC-CXR. */
export const CHEST_LABELS = [
  "Atelectasis",
  "Cardiomegaly",
  "Consolidation",
  "Edema",
  "Enlarged Cardiomediastinum",
  "Fracture",
  "Lung Lesion",
  "Lung Opacity",
  "No Finding",
  "Pleural Effusion",
  "Pleural Other",
  "Pneumonia",
  "Pneumothorax",
  "Support Devices",
] as const;

/** What to simulate; every field has a default. */
export interface FixtureOptions {
  readonly seed?: number;
  readonly title?: string;
  readonly methods?: readonly string[];
  readonly seeds?: readonly number[];
  readonly fractions?: readonly number[];
  readonly labels?: readonly string[];
  readonly studies?: number;
  readonly synthetic?: boolean;
  readonly pictures?: boolean;
  readonly projections?: boolean;
  readonly probes?: readonly ("logistic-regression" | "random-forest")[];
  /** Set on every evaluation. */
  readonly setting?: Readonly<Record<string, string | number>>;
}

/** Class separation of each method, in standard deviations. */
const SKILL: Readonly<Record<string, number>> = {
  mmvm: 1.25,
  poe: 1.1,
  moe: 0.95,
  mopoe: 1.02,
  avg: 1.06,
  independent: 0.92,
  supervised: 1.18,
  "supervised-ensemble": 1.24,
};

/** A whole experiment: eight methods, three seeds, five labelled fractions. */
export function experimentFixture(options: FixtureOptions = {}): Results {
  return makeFixture({
    title: "Phantom pairs: every method at five labelled fractions",
    methods: ["independent", "avg", "moe", "mopoe", "poe", "mmvm", "supervised", "supervised-ensemble"],
    seeds: [0, 1, 2],
    fractions: [0.01, 0.05, 0.1, 0.5, 1],
    ...options,
  });
}

/** A single trained run, as `train` and `evaluate` produce it. */
export function singleRunFixture(options: FixtureOptions = {}): Results {
  return makeFixture({
    title: "MMVM on phantoms",
    methods: ["mmvm"],
    seeds: [0],
    fractions: [1],
    studies: 120,
    ...options,
  });
}

/** A generator of uniform numbers in [0, 1) (mulberry32), so that fixtures never change. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = state + 0x6d2b79f5 >>> 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

/** Standard normal numbers (Box-Muller transform). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface Plan extends Required<Omit<FixtureOptions, "setting">> {
  readonly setting: Readonly<Record<string, string | number>>;
}

function makeFixture(options: FixtureOptions): Results {
  const plan: Plan = {
    seed: 1,
    title: "Simulated results",
    methods: ["mmvm"],
    seeds: [0],
    fractions: [1],
    labels: CHEST_LABELS,
    studies: 300,
    synthetic: true,
    pictures: true,
    projections: true,
    probes: ["logistic-regression"],
    setting: {},
    ...options,
  };
  const random = uniform(plan.seed);
  const cases = simulateCases(plan, random);
  const evaluations = simulateEvaluations(plan, { cases, random });
  const results: Results = {
    schema: "mmvm-results",
    version: 1,
    title: plan.title,
    createdAt: "2025-06-01T12:00:00.000Z",
    data: simulateData(plan, cases),
    runs: plan.methods.flatMap((method) => plan.seeds.map((seed) => runRecord({ method, seed, random }))),
    cases: [cases],
    evaluations,
    comparisons: simulateComparisons(evaluations, plan),
    pictures: plan.pictures ? simulatePictures(plan) : [],
    projections: plan.projections ? simulateProjections(plan, { cases, random }) : [],
  };
  return resultsSchema.parse(results);
}

function simulateCases(plan: Plan, random: () => number): Results["cases"][number] {
  const prevalence = plan.labels.map((_, l) => l === 10 ? 0 : 0.06 + 0.4 * Math.abs(Math.sin(l * 1.7)));
  const studies = Array.from({ length: plan.studies }, (_, i) => i);
  return {
    id: "test",
    split: "test",
    studyIds: studies.map((i) => String(50414267 + i * 37)),
    subjectIds: studies.map((i) => String(10000032 + Math.floor(i / 1.6) * 91)),
    viewPositions: studies.map(() => random() < 0.6 ? "AP" : random() < 0.9 ? "PA" : ""),
    labels: prevalence.map((p) => studies.map(() => random() < p ? 1 : 0)),
  };
}

function simulateEvaluations(
  plan: Plan,
  world: { cases: Results["cases"][number]; random: () => number },
): Evaluation[] {
  const shared = plan.labels.map(() => world.cases.studyIds.map(() => normal(world.random)));
  return plan.methods.flatMap((method) =>
    plan.seeds.flatMap((seed) =>
      plan.fractions.flatMap((fraction) =>
        ["frontal", "lateral"].flatMap((view) =>
          (method.startsWith("supervised") ? ["supervised" as const] : plan.probes).map((probe) =>
            evaluation(plan, { ...world, shared, method, seed, fraction, view, probe })
          )
        )
      )
    )
  );
}

interface EvaluationPlan {
  readonly cases: Results["cases"][number];
  readonly random: () => number;
  readonly shared: number[][];
  readonly method: string;
  readonly seed: number;
  readonly fraction: number;
  readonly view: string;
  readonly probe: Evaluation["probe"];
}

function evaluation(plan: Plan, at: EvaluationPlan): Evaluation {
  const supervised = at.probe === "supervised";
  const fewer = Math.log10(1 / at.fraction) * (supervised ? 0.45 : 0.22);
  const scores = plan.labels.map((_, l) => {
    if (l === 10) return null;
    const skill = (SKILL[at.method] ?? 0.9) - fewer + 0.3 * Math.sin(l * 2.3) - (at.view === "lateral" ? 0.1 : 0);
    return at.cases.labels[l]!.map((label, i) => {
      const z = 1.6 * (skill * (label ?? 0) - 1.2) + 1.3 * at.shared[l]![i]! + 0.9 * normal(at.random);
      return Number((1 / (1 + Math.exp(-z))).toFixed(4));
    });
  });
  const metrics = plan.labels.map((label, l) =>
    labelMetrics({ label, scores: scores[l]!, labels: at.cases.labels[l]! as (0 | 1)[] })
  );
  return {
    run: `${at.method}-s${at.seed}`,
    method: at.method,
    seed: at.seed,
    view: at.view,
    probe: at.probe,
    latents: supervised ? "none" : "unimodal",
    labelledFraction: at.fraction,
    labelledStudies: Math.round(2400 * at.fraction),
    probeSeed: 0,
    setting: { ...plan.setting },
    cases: "test",
    scores,
    metrics,
    macro: macroOf(metrics),
  };
}

/** Compares every method with every earlier one in the list, for the macro average and every label. */
function simulateComparisons(evaluations: readonly Evaluation[], plan: Plan): Comparison[] {
  const groups = Map.groupBy(evaluations, (e) => JSON.stringify([e.view, e.labelledFraction, e.method]));
  const value = (view: string, fraction: number, method: string, label: string | null) => {
    const group = groups.get(JSON.stringify([view, fraction, method])) ?? [];
    const values = group.map((e) =>
      label === null ? e.macro.auroc.value : e.metrics.find((m) => m.label === label)!.auroc.value
    );
    return values.some((v) => v === null) ? null : values.reduce<number>((sum, v) => sum + v!, 0) / values.length;
  };
  return ["frontal", "lateral"].flatMap((view) =>
    plan.fractions.flatMap((labelledFraction) =>
      plan.methods.flatMap((method, m) =>
        plan.methods.slice(0, m).flatMap((baseline) =>
          [null, ...plan.labels].map((label): Comparison => {
            const a = value(view, labelledFraction, method, label);
            const b = value(view, labelledFraction, baseline, label);
            const standardError = label === null ? 0.008 : 0.03;
            const difference = a === null || b === null ? null : a - b;
            const p = difference === null ? null : Math.min(1, Math.exp(-0.8 * (difference / standardError) ** 2));
            return {
              view,
              label,
              labelledFraction,
              probe: "logistic-regression",
              baseline,
              method,
              difference: intervalAround(difference, { standardError, low: -1, high: 1 }),
              p,
              pHolm: p === null ? null : Math.min(1, p * (label === null ? 1 : 14)),
              test: "paired-bootstrap",
            };
          })
        )
      )
    )
  );
}

function simulateData(plan: Plan, cases: Results["cases"][number]): Results["data"] {
  return {
    dataset: plan.synthetic ? "phantoms" : "mimic-cxr",
    synthetic: plan.synthetic,
    views: ["frontal", "lateral"],
    labels: [...plan.labels],
    labelSource: "chexpert",
    uncertainPolicy: "zeros",
    blankPolicy: "zeros",
    splitPolicy: "official",
    pairPolicy: "all-combinations",
    imageSize: 64,
    cohort: [
      { step: "listed", reason: "", images: 7011, studies: 3200, subjects: 1800 },
      {
        step: "known view",
        reason: "view position is blank or neither frontal nor lateral",
        images: 6690,
        studies: 3180,
        subjects: 1795,
      },
      { step: "readable", reason: "image could not be decoded", images: 6688, studies: 3180, subjects: 1795 },
      {
        step: "paired",
        reason: "no lateral or no frontal image in the study",
        images: 6120,
        studies: 2985,
        subjects: 1702,
      },
    ],
    splits: [
      { split: "train", subjects: 1380, studies: 2400, pairs: 2610 },
      { split: "validate", subjects: 140, studies: 285, pairs: 301 },
      { split: "test", subjects: new Set(cases.subjectIds).size, studies: plan.studies, pairs: plan.studies + 14 },
    ],
    prevalence: plan.labels.flatMap((label, l) =>
      ["train", "validate", "test"].map((split, k) => {
        const total = [2400, 285, plan.studies][k]!;
        const positive = k === 2
          ? cases.labels[l]!.filter((v) => v === 1).length
          : Math.round(total * (0.06 + 0.4 * Math.abs(Math.sin(l * 1.7))));
        const uncertain = k === 2 ? 0 : Math.round(total * 0.04);
        const blank = k === 2 ? 0 : Math.round((total - positive - uncertain) * 0.7);
        return { label, split, positive, uncertain, blank, negative: total - positive - uncertain - blank };
      })
    ),
    viewMix: [
      { view: "frontal", position: "AP", split: "train", images: 1800 },
      { view: "frontal", position: "PA", split: "train", images: 810 },
      { view: "lateral", position: "LATERAL", split: "train", images: 1700 },
      { view: "lateral", position: "LL", split: "train", images: 905 },
      { view: "frontal", position: "AP", split: "test", images: 190 },
      { view: "frontal", position: "PA", split: "test", images: 120 },
      { view: "lateral", position: "LATERAL", split: "test", images: 200 },
      { view: "lateral", position: "LL", split: "test", images: 112 },
    ],
    patientOverlap: [
      { a: "train", b: "validate", subjects: 0 },
      { a: "train", b: "test", subjects: 0 },
      { a: "validate", b: "test", subjects: 0 },
    ],
  };
}

function simulatePictures(plan: Plan): Results["pictures"] {
  const kinds = [
    ["reconstruction", "frontal", "frontal"],
    ["reconstruction", "lateral", "lateral"],
    ["translation", "frontal", "lateral"],
    ["translation", "lateral", "frontal"],
  ] as const;
  const vaes = plan.methods.filter((method) => !method.startsWith("supervised"));
  return vaes.flatMap((method) =>
    kinds.map(([kind, from, to], k) => ({
      run: `${method}-s${plan.seeds[0]}`,
      kind,
      from,
      to,
      size: 64,
      items: Array.from({ length: 6 }, (_, i) => ({
        input: grayPng({ size: 64, seed: i, lateral: from === "lateral", blur: 0 }),
        target: grayPng({ size: 64, seed: i, lateral: to === "lateral", blur: 0 }),
        output: grayPng({ size: 64, seed: i, lateral: to === "lateral", blur: 1 + (k % 2) }),
      })),
    }))
  );
}

function simulateProjections(
  plan: Plan,
  world: { cases: Results["cases"][number]; random: () => number },
): Results["projections"] {
  const vaes = plan.methods.filter((method) => !method.startsWith("supervised"));
  return vaes.flatMap((method) =>
    plan.seeds.flatMap((seed) =>
      ["frontal", "lateral"].flatMap((view) =>
        (["pca", "umap"] as const).map((kind) => {
          const at = world.cases.studyIds.map((_, i) => world.cases.labels[3]?.[i] === 1 ? 1.6 : 0);
          const x = at.map((shift) => Number((shift + normal(world.random)).toFixed(4)));
          const y = at.map((shift, i) =>
            Number((0.3 * shift + (kind === "umap" ? Math.sin(x[i]! * 3) : 0) + 0.6 * normal(world.random)).toFixed(4))
          );
          const projection = { run: `${method}-s${seed}`, view, kind, cases: "test", x, y };
          return kind === "pca" ? { ...projection, explained: [0.21, 0.12] } : projection;
        })
      )
    )
  );
}

/** Results with two validations in training, a remark on it, and the best checkpoint. */
export function validated(results: Results): Results {
  const validation = {
    step: [300, 600],
    loss: [2000, 1600],
    reconstruction: [1900, 1500],
    kl: [100, 100],
    auroc: { frontal: [0.6, 0.7], mean: [0.6, 0.7] },
    divergences: { "frontal || lateral": [4, 3], "lateral || frontal": [2, 1] },
    ratios: { "frontal / lateral": [2, 3] },
    responsibility: { frontal: [0.4, 0.3], lateral: [0.6, 0.7] },
    activeUnits: { frontal: [3, 8], lateral: [2, 9] },
  };
  const runs = results.runs.map((run) => ({
    ...run,
    training: { ...run.training, validation },
    findings: ["The loss stayed on a plateau."],
    checkpoint: { which: "best" as const, step: 300 },
  }));
  return { ...results, runs };
}
