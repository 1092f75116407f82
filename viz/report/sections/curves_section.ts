/**
 * The "ROC, precision-recall and reliability" section.
 *
 * @module
 */
import type { Cases, Evaluation, Interval, LabelMetrics } from "../../../eval/results/results.ts";
import { legend } from "../charts/marks.ts";
import { caption, choice, figureCaution, note, type ReportContext, section } from "../context.ts";
import { curvePath, curvesOf, type Point, staircase, UNITS } from "../figures/curves.ts";
import type { Child } from "../markup/dom.ts";
import { capitalise, formatCount, formatInterval, formatScore } from "../markup/format.ts";
import { sliceName } from "../figures/summary.ts";
import { calibrationPart } from "./calibration_part.ts";

/** The kinds of curve, with their axis labels and summary metric. */
const KINDS = [
  { id: "roc", name: "ROC", x: "False positive rate", y: "True positive rate", measure: "AUROC" },
  { id: "pr", name: "Precision-recall", x: "Recall", y: "Precision", measure: "Average precision" },
  {
    id: "reliability",
    name: "Reliability",
    x: "Predicted probability",
    y: "Observed frequency",
    measure: "Brier score",
  },
  {
    id: "scaled",
    name: "Reliability at the fitted temperature",
    x: "Predicted probability",
    y: "Observed frequency",
    measure: "Brier score",
  },
] as const;

type Kind = typeof KINDS[number];

/** The curves of one method for one label: a path, empty if the curve is undefined, and its summary metric as text. */
type Paths = Record<Kind["id"], { d: string; text: string }>;

/** The kinds that the results have curves for: files from before calibration was measured lack scaled scores. */
function kindsOf({ results }: ReportContext): readonly Kind[] {
  const scaled = results.evaluations.some(({ metrics }) => metrics.some(({ calibration }) => calibration?.scaled));
  return KINDS.filter(({ id }) => scaled || id !== "scaled");
}

/** Renders small multiples with one panel per label, for every view and kind of curve. */
export function curvesSection(ctx: ReportContext): HTMLElement {
  const { h, summary } = ctx;
  if (summary.arms.length === 0) {
    return section(h, "curves", note(h, "No curves: the results contain no evaluation."));
  }
  const views = summary.views.map((view, v) => ({ value: `view-${v}`, text: capitalise(view) }));
  return section(
    h,
    "curves",
    h(
      "div",
      { class: "controls" },
      choice(h, { name: "curve-view", legend: "View", options: views }),
      choice(h, {
        name: "curve-kind",
        legend: "Curve",
        options: kindsOf(ctx).map((kind) => ({ value: kind.id, text: kind.name })),
      }),
      legend(h, summary.arms),
    ),
    figureCaution(ctx),
    h(
      "figure",
      { class: "wide" },
      summary.views.map((_, view) => viewPanels(ctx, view)),
      h("figcaption", null, caption(h, ctx.number("Figure"), captionText(ctx))),
    ),
    h("h3", null, "Calibration"),
    calibrationPart(ctx),
  );
}

function captionText(ctx: ReportContext): string {
  const repeated = ctx.results.runs.length > ctx.summary.arms.length;
  return `Curves by label on the test studies (${sliceName(ctx.summary.slices[ctx.summary.primary]!)}` +
    (repeated ? "; for each method, the run with the median AUROC" : "") +
    "). All axes run from 0 to 1. The thin line is chance (ROC), the prevalence (precision-recall) or perfect " +
    "calibration " +
    "(reliability, also with scores at the temperature fitted to validation). Select a panel to enlarge it; the arrow keys then move between labels.";
}

function viewPanels(ctx: ReportContext, view: number): Child {
  const { h, summary } = ctx;
  const paths = summary.labels.map((_, label) => summary.arms.map((_, arm) => pathsOf(ctx, { view, arm, label })));
  return kindsOf(ctx).map((kind) =>
    h(
      "div",
      {
        class: `panels view-${view} kind-${kind.id}`,
        role: "group",
        "aria-label": `${kind.name} curves, ${summary.views[view]} view`,
      },
      h("h4", null, `${kind.name}, ${summary.views[view]} view`),
      h(
        "div",
        { class: "panel-grid" },
        summary.labels.map((_, label) => panel(ctx, { view, label, kind, paths: paths[label]! })),
      ),
    )
  );
}

function panel(
  ctx: ReportContext,
  at: { view: number; label: number; kind: Kind; paths: readonly (Paths | null)[] },
): HTMLElement {
  const { h, summary } = ctx;
  const label = summary.labels[at.label]!;
  const counts = summary.counts[at.view]![at.label] ?? null;
  const numbers = counts === null
    ? ""
    : `${formatCount(counts.positives)} with, ${formatCount(counts.negatives)} without`;
  const heading = [h("span", { class: "panel-name" }, label), h("span", { class: "panel-count" }, numbers)];
  if (at.paths.every((paths) => paths === null || paths[at.kind.id].d === "")) {
    return h(
      "div",
      { class: "panel empty" },
      h("span", { class: "panel-head" }, heading),
      h("span", { class: "panel-missing" }, "n/a: only one class, or not fitted"),
    );
  }
  return h(
    "button",
    {
      type: "button",
      class: "panel",
      "data-view": at.view,
      "data-label": at.label,
      "data-kind": at.kind.id,
      "data-x": at.kind.x,
      "data-y": at.kind.y,
      "data-measure": at.kind.measure,
      "data-title": `${at.kind.name}, ${label}, ${summary.views[at.view]} view`,
    },
    h("span", { class: "visually-hidden" }, `Enlarge ${at.kind.name}, ${summary.views[at.view]} view: `),
    h("span", { class: "panel-head" }, heading),
    plot(ctx, { ...at, prevalence: counts === null ? null : counts.positives / (counts.positives + counts.negatives) }),
  );
}

function plot(
  ctx: ReportContext,
  at: { kind: Kind; paths: readonly (Paths | null)[]; prevalence: number | null },
): SVGSVGElement {
  const { h, summary } = ctx;
  const s = h.svg;
  const level = Math.round((1 - (at.prevalence ?? 0)) * UNITS);
  return s(
    "svg",
    { class: "curves", viewBox: `0 0 ${UNITS} ${UNITS}`, "aria-hidden": "true" },
    s("path", { class: "box", d: `M0 0H${UNITS}V${UNITS}H0Z` }),
    s("path", { class: "chance", d: at.kind.id === "pr" ? `M0 ${level}H${UNITS}` : `M0 ${UNITS}L${UNITS} 0` }),
    at.paths.map((paths, arm) => {
      const { d, text } = paths?.[at.kind.id] ?? { d: "", text: "" };
      const { slot, dash } = summary.arms[arm]!;
      return d === "" ? null : s("path", {
        class: `line series arm-${arm} slot-${slot} dash-${dash}`,
        "data-arm": arm,
        "data-text": text,
        d,
      });
    }),
  );
}

function pathsOf(ctx: ReportContext, at: { view: number; arm: number; label: number }): Paths | null {
  const label = ctx.summary.labels[at.label]!;
  const evaluation = medianRun(ctx.find({ slice: ctx.summary.primary, view: at.view, arm: at.arm }), label);
  const scores = evaluation?.scores[at.label] ?? null;
  const cases = ctx.results.cases.find((cases: Cases) => cases.id === evaluation?.cases);
  if (evaluation === null || scores === null || cases === undefined) return null;
  const curves = curvesOf({ scores, labels: cases.labels[at.label] ?? [] });
  if (curves === null) return null;
  const metrics = evaluation.metrics.find((metric) => metric.label === label)!;
  const summed = ({ value, low, high }: Interval) => `${formatScore(value)} (${formatInterval(low, high)})`;
  const bins = (curve: LabelMetrics["reliability"]) => curve.map((bin): Point => [bin.predicted, bin.observed]);
  const scaled = metrics.calibration?.scaled ?? null;
  return {
    roc: { d: curvePath(curves.roc), text: summed(metrics.auroc) },
    pr: { d: curvePath(staircase(curves.precisionRecall)), text: summed(metrics.averagePrecision) },
    reliability: { d: curvePath(bins(metrics.reliability)), text: formatScore(metrics.brier) },
    scaled: scaled === null
      ? { d: "", text: "" }
      : { d: curvePath(bins(scaled.reliability)), text: formatScore(scaled.brier) },
  };
}

/**
 * The run with the median AUROC (the lower of the two middle ones), so that an actual run's curve is shown rather than
 * an average.
 */
function medianRun(evaluations: readonly Evaluation[], label: string): Evaluation | null {
  const ranked = evaluations
    .map((evaluation) => ({
      evaluation,
      auroc: evaluation.metrics.find((m) => m.label === label)?.auroc.value ?? null,
    }))
    .filter((entry) => entry.auroc !== null)
    .sort((a, b) => a.auroc! - b.auroc!);
  return ranked[Math.floor((ranked.length - 1) / 2)]?.evaluation ?? null;
}
