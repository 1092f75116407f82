/**
 * The "Training" section.
 *
 * @module
 */
import type { RunRecord, TrainingSeries } from "../../../eval/results/results.ts";
import type { Arm } from "../figures/arms.ts";
import { legend } from "../charts/marks.ts";
import { trainingChart, type TrainingScale } from "../charts/training_chart.ts";
import { figure, note, type ReportContext, section } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { formatNumberOf } from "../markup/format.ts";
import { assignSlots, methodName } from "../figures/palette.ts";

/** A panel: one logged series of some runs. */
interface Panel {
  readonly title: string;
  /** The series of a run; empty if it is not part of the panel. */
  readonly values: (run: RunRecord) => readonly number[];
  readonly scale: TrainingScale;
}

/**
 * Whether a run is a VAE, which also logs the terms of its loss. Losses of VAEs and classifiers are not comparable and
 * get panels of their own.
 */
const isVae = (run: RunRecord) => run.training.reconstruction.some((value) => value !== 0);

/** A logged series of the runs that satisfy a condition. */
function seriesOf(key: Exclude<keyof TrainingSeries, "step" | "views">, runs: (run: RunRecord) => boolean) {
  return (run: RunRecord) => runs(run) ? run.training[key] : [];
}

const hasAlpha = (run: RunRecord) => run.training.alpha.some((value) => value !== 0);

/** A panel for the losses of classifiers, and one for each other method, whose losses are not comparable. */
function otherLosses(runs: readonly RunRecord[]): Panel[] {
  const kindOf = (run: RunRecord) => run.method.startsWith("supervised") ? "supervised" : methodName(run.method);
  const kinds = new Set(runs.filter((run) => !isVae(run)).map(kindOf));
  return [...kinds].map((kind): Panel => ({
    title: `Loss (${kind})`,
    values: seriesOf("loss", (run) => !isVae(run) && kindOf(run) === kind),
    scale: "auto",
  }));
}

/** All panels: one for each view's reconstruction, if runs with a text logged them. */
function panelsOf(runs: readonly RunRecord[]): Panel[] {
  const views = [...new Set(runs.flatMap(({ training }) => Object.keys(training.views ?? {})))];
  return [
    { title: "Loss (VAE)", values: seriesOf("loss", isVae), scale: "auto" },
    { title: "Reconstruction", values: seriesOf("reconstruction", isVae), scale: "auto" },
    ...views.map((view): Panel => ({
      title: `Reconstruction, ${view}`,
      values: ({ training }) => training.views?.[view] ?? [],
      scale: "auto",
    })),
    { title: "KL divergence", values: seriesOf("kl", isVae), scale: "auto" },
    { title: "Alpha", values: seriesOf("alpha", hasAlpha), scale: "linear" },
    ...otherLosses(runs),
    { title: "Studies per second", values: seriesOf("studiesPerSecond", () => true), scale: "from-zero" },
  ];
}

/** Renders the training curves of all runs, one thin line each in the colour of its method. */
export function trainingSection(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  const runs = results.runs.filter((run) => run.training.step.length > 1);
  if (runs.length === 0) {
    return section(h, "training", note(h, "No training curves: no run logged more than one step."));
  }
  const arms = armsOfRuns(ctx);
  const panels = panelsOf(runs).flatMap((panel): Child[] => {
    const shown = runs.filter((run) => panel.values(run).length > 1);
    return shown.length === 0
      ? []
      : [h("div", { class: "chart-block" }, h("h4", null, panel.title), panelChart(ctx, { panel, shown, arms }))];
  });
  return section(
    h,
    "training",
    ctx.summary.arms.length > 0 ? h("div", { class: "controls" }, legend(h, ctx.summary.arms)) : null,
    figure(
      ctx,
      {
        class: "wide",
        caption:
          `Training curves by step, one thin line per run${
            results.runs.length === 1 ? "" : "; seeds of a method share a colour"
          }. A vertical axis is logarithmic if its values span more than a factor of fifty; ` +
          "the axes of losses and their terms may cut off the first 2% of the steps." +
          (runs.length < results.runs.length
            ? ` ${formatNumberOf(results.runs.length - runs.length, { one: "run", many: "runs" })} logged no curve.`
            : ""),
      },
      h("div", { class: "columns three" }, panels),
    ),
  );
}

/** The arm of each run's evaluations; a run without evaluations is drawn in the style of its method. */
function armsOfRuns(ctx: ReportContext): Map<string, { arm: Arm; index: number }> {
  const { summary, results } = ctx;
  const slots = assignSlots([...new Set(results.runs.map((run) => run.method))]);
  const found = new Map<string, { arm: Arm; index: number }>();
  for (const run of results.runs) {
    const index = summary.arms.findIndex((arm, a) =>
      arm.method === run.method &&
      summary.slices.some((_, slice) =>
        summary.views.some((_, view) => ctx.find({ slice, view, arm: a }).some((e) => e.run === run.name))
      )
    );
    const plain = {
      method: run.method,
      variant: "",
      name: methodName(run.method),
      slot: slots.get(run.method)!,
      dash: 0,
      supervised: false,
    };
    found.set(run.name, { arm: summary.arms[index] ?? plain, index: Math.max(index, 0) });
  }
  return found;
}

function panelChart(
  ctx: ReportContext,
  options: { panel: Panel; shown: readonly RunRecord[]; arms: ReadonlyMap<string, { arm: Arm; index: number }> },
): SVGSVGElement {
  const { panel, shown, arms } = options;
  return trainingChart(ctx.h, {
    title: panel.title,
    scale: panel.scale,
    series: shown.map((run) => ({
      ...arms.get(run.name)!,
      name: run.name,
      steps: run.training.step,
      values: panel.values(run),
    })),
  });
}
