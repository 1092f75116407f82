/**
 * The "Training" section.
 *
 * @module
 */
import type { RunRecord, TrainingSeries, ValidationSeries } from "../../../eval/results/results.ts";
import type { Arm } from "../figures/arms.ts";
import { legend } from "../charts/marks.ts";
import { trainingChart, type TrainingScale } from "../charts/training_chart.ts";
import { figure, note, type ReportContext, section } from "../context.ts";
import type { Child } from "../markup/dom.ts";
import { formatNumberOf } from "../markup/format.ts";
import { isFloor } from "../figures/floors.ts";
import { assignSlots, methodName } from "../figures/palette.ts";

/** A panel: one logged series of some runs. */
interface Panel {
  readonly title: string;
  /** The series of a run; empty if it is not part of the panel. */
  readonly values: (run: RunRecord) => readonly number[];
  /** The same quantity in the run's validations, or curves of several ones by name; none by default. */
  readonly validated?: (validation: ValidationSeries, run: RunRecord) => Readonly<Record<string, readonly number[]>>;
  readonly scale: TrainingScale;
}

/** A curve of a panel. */
interface Curve {
  readonly run: RunRecord;
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly isValidation: boolean;
}

/**
 * Whether a run is a VAE, which also logs the terms of its loss. Losses of VAEs and classifiers are not comparable and
 * get panels of their own.
 */
const isVae = (run: RunRecord) => run.training.reconstruction.some((value) => value !== 0);

/** A logged series of the runs that satisfy a condition. */
function seriesOf(
  key: Exclude<keyof TrainingSeries, "step" | "views" | "validation" | "learningRate">,
  runs: (run: RunRecord) => boolean,
) {
  return (run: RunRecord) => runs(run) ? run.training[key] : [];
}

/** A validated series of the runs that satisfy a condition. */
function validatedOf(key: "loss" | "reconstruction" | "kl", runs: (run: RunRecord) => boolean) {
  return (validation: ValidationSeries, run: RunRecord) => runs(run) ? { validation: validation[key] } : {};
}

const nothing = () => [];

const hasAlpha = (run: RunRecord) => run.training.alpha.some((value) => value !== 0);

/** A panel for the losses of classifiers, and one for each other method, whose losses are not comparable. */
function otherLosses(runs: readonly RunRecord[]): Panel[] {
  const kindOf = (run: RunRecord) => run.method.startsWith("supervised") ? "supervised" : methodName(run.method);
  const kinds = new Set(runs.filter((run) => !isVae(run)).map(kindOf));
  return [...kinds].map((kind): Panel => ({
    title: `Loss (${kind})`,
    values: seriesOf("loss", (run) => !isVae(run) && kindOf(run) === kind),
    validated: validatedOf("loss", (run) => !isVae(run) && kindOf(run) === kind),
    scale: "auto",
  }));
}

/** All panels: one for each view's reconstruction, if runs with a text logged them. */
function panelsOf(runs: readonly RunRecord[]): Panel[] {
  const views = [...new Set(runs.flatMap(({ training }) => Object.keys(training.views ?? {})))];
  return [
    { title: "Loss (VAE)", values: seriesOf("loss", isVae), validated: validatedOf("loss", isVae), scale: "auto" },
    {
      title: "Reconstruction",
      values: seriesOf("reconstruction", isVae),
      validated: validatedOf("reconstruction", isVae),
      scale: "auto",
    },
    ...views.map((view): Panel => ({
      title: `Reconstruction, ${view}`,
      values: ({ training }) => training.views?.[view] ?? [],
      scale: "auto",
    })),
    { title: "KL divergence", values: seriesOf("kl", isVae), validated: validatedOf("kl", isVae), scale: "auto" },
    { title: "Alpha", values: seriesOf("alpha", hasAlpha), scale: "linear" },
    ...otherLosses(runs),
    { title: "Validation AUROC", values: nothing, validated: ({ auroc }) => auroc, scale: "linear" },
    { title: "KL between views (nats)", values: nothing, validated: ({ divergences }) => divergences, scale: "auto" },
    { title: "Ratio of KL between views", values: nothing, validated: ({ ratios }) => ratios, scale: "auto" },
    {
      title: "Responsibility in the mixture",
      values: nothing,
      validated: ({ responsibility }) => responsibility,
      scale: "from-zero",
    },
    { title: "Active latent units", values: nothing, validated: ({ activeUnits }) => activeUnits, scale: "from-zero" },
    { title: "Learning rate", values: ({ training }) => training.learningRate ?? [], scale: "linear" },
    { title: "Studies per second", values: seriesOf("studiesPerSecond", () => true), scale: "from-zero" },
  ];
}

/** Renders the training curves of all runs, one thin line each in the colour of its method. */
export function trainingSection(ctx: ReportContext): HTMLElement {
  const { h, results } = ctx;
  const trained = results.runs.filter(({ method }) => !isFloor(method));
  const runs = trained.filter((run) => run.training.step.length > 1);
  if (runs.length === 0) {
    return section(h, "training", note(h, "No training curves: no run logged more than one step."));
  }
  const arms = armsOfRuns(ctx);
  const shownArms = ctx.summary.arms.filter(({ method }) => !isFloor(method));
  const panels = panelsOf(runs).flatMap((panel): Child[] => {
    const shown = runs.flatMap((run) => curvesOf(run, panel));
    return shown.length === 0
      ? []
      : [h("div", { class: "chart-block" }, h("h4", null, panel.title), panelChart(ctx, { panel, shown, arms }))];
  });
  return section(
    h,
    "training",
    shownArms.length > 0 ? h("div", { class: "controls" }, legend(h, shownArms)) : null,
    figure(
      ctx,
      {
        class: "wide",
        caption:
          `Training curves by step, one thin line per run${
            trained.length === 1 ? "" : "; seeds of a method share a colour"
          }. A vertical axis is logarithmic if its values span more than a factor of fifty; ` +
          "the axes of losses and their terms may cut off the first 2% of the steps." +
          (runs.some(({ training }) => training.validation)
            ? " Dashed lines are validations: of the objective at the end of the run, in evaluation mode; " +
              "each is named where the pointer rests on it."
            : "") +
          (runs.length < trained.length
            ? ` ${formatNumberOf(trained.length - runs.length, { one: "run", many: "runs" })} logged no curve.`
            : ""),
      },
      h("div", { class: "columns three" }, panels),
    ),
    findingsOf(ctx),
  );
}

/** The curves of a run in a panel: in training, and in validations, at their own steps. */
function curvesOf(run: RunRecord, panel: Panel): Curve[] {
  const { step, validation } = run.training;
  const trained: Curve = { run, name: run.name, steps: step, values: panel.values(run), isValidation: false };
  const validated = validation === undefined ? [] : Object.entries(panel.validated?.(validation, run) ?? {});
  return [
    trained,
    ...validated.map(([name, values]): Curve => ({
      run,
      name: `${run.name}, ${name}`,
      steps: validation!.step,
      values,
      isValidation: true,
    })),
  ].filter(({ values, isValidation }) => values.length > (isValidation ? 0 : 1));
}

/** What was out of bounds in training, run by run. */
function findingsOf({ h, results }: ReportContext): HTMLElement | null {
  const runs = results.runs.filter(({ method }) => !isFloor(method));
  const found = runs.flatMap(({ name, findings = [] }) =>
    findings.map((finding) => h("li", null, runs.length > 1 ? `${name}: ${finding}` : finding))
  );
  return found.length === 0 ? null : h(
    "div",
    { class: "note", id: "training-findings" },
    h("p", null, "Out of bounds in training:"),
    h("ul", null, found),
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
  options: { panel: Panel; shown: readonly Curve[]; arms: ReadonlyMap<string, { arm: Arm; index: number }> },
): SVGSVGElement {
  const { panel, shown, arms } = options;
  return trainingChart(ctx.h, {
    title: panel.title,
    scale: panel.scale,
    series: shown.map(({ run, ...curve }) => ({ ...arms.get(run.name)!, ...curve })),
  });
}
