/**
 * Whether the engine's estimates choose well between variants of a kernel: every matrix product and convolution of a
 * step with every variant, each modelled from what it compiles to.
 *
 * @module
 */
import { formatTable } from "../../cli/terminal/table.ts";
import { DEFAULT_LANES, storageOperands, uniformsOf } from "../../runtime/kernels/declarations.ts";
import type { Binding, Candidates, Dispatch, Lowering, Tuner } from "../../runtime/kernels/kernel.ts";
import type { PipelineSource } from "../../runtime/device/pipeline.ts";
import { pipelineSource } from "../../runtime/program/dispatch.ts";
import { type CardName, CARDS } from "./cards.ts";
import type { StaticKernel } from "./static_kernel.ts";
import { modelDispatch, type StaticDispatch, totalSeconds } from "./step_model.ts";

/** A piece of work that has variants, and how often the step does it. */
export interface StaticChoice {
  readonly family: string;
  /** Shapes and attributes. */
  readonly key: string;
  readonly times: number;
  readonly variants: readonly StaticVariant[];
}

/** A variant's dispatches, and the cost that the engine estimates. */
export interface StaticVariant {
  readonly name: string;
  readonly cost: number;
  readonly dispatches: readonly StaticDispatch[];
}

/** A work that a program asked a tuner about. */
interface Question extends Candidates {
  readonly family: string;
  readonly key: string;
  times: number;
}

/** A tuner that collects what it is asked, and leaves every choice to the estimate. */
export class QuestionCollector implements Tuner {
  readonly questions = new Map<string, Question>();

  choose({ family, key }: { readonly family: string; readonly key: string }, candidates: Candidates): undefined {
    const id = `${family} ${key}`;
    const known = this.questions.get(id);
    if (known) known.times++;
    else this.questions.set(id, { ...candidates, family, key, times: 1 });
  }

  /** All variants with an estimate, lowered. `compile` gives the index of a pipeline. */
  choices(compile: (source: PipelineSource, threads: number) => number): StaticChoice[] {
    return [...this.questions.values()].map((question) => ({
      family: question.family,
      key: question.key,
      times: question.times,
      variants: question.variants.filter(({ cost }) => Number.isFinite(cost)).map(({ name, cost, lower }) => {
        const lowering = lower();
        const dispatches = lowering.dispatches.map((dispatch) => ({
          ...staticPart(dispatch, { lowering, question }),
          pipeline: compile(sourceOf(dispatch), dispatch.lanes ?? DEFAULT_LANES),
        }));
        return { name, cost, dispatches };
      }),
    }));
  }
}

function staticPart(dispatch: Dispatch, { lowering, question }: { lowering: Lowering; question: Question }) {
  const elements = (buffer: Binding) => {
    if ("input" in buffer) return question.inputs[buffer.input] ?? 0;
    if ("output" in buffer) return question.outputs[buffer.output] ?? 0;
    return lowering.scratch?.[buffer.scratch] ?? 0;
  };
  return {
    kernel: dispatch.kernel,
    op: question.family,
    shape: question.key,
    workgroups: dispatch.grid.reduce((product, size) => product * size, 1),
    threads: dispatch.lanes ?? DEFAULT_LANES,
    flops: dispatch.flops ?? 0,
    bytes: Object.values(dispatch.operands).reduce((total, { buffer }) => total + 4 * elements(buffer), 0),
    ...(dispatch.tile ? { tile: dispatch.tile } : {}),
  };
}

/** The pipeline of a dispatch whose operands lie in buffers of their own. */
function sourceOf(dispatch: Dispatch): PipelineSource {
  const storage = storageOperands(dispatch).map(([, { buffer }]) => ({ buffer: JSON.stringify(buffer), half: false }));
  return pipelineSource({ dispatch, storage, texels: [], uniforms: uniformsOf(dispatch, []) });
}

/** A choice as a card's model sees it. */
interface ModelledChoice {
  readonly choice: StaticChoice;
  readonly chosen: string;
  readonly seconds: number;
  readonly best: string;
  readonly bestSeconds: number;
}

function modelChoice(choice: StaticChoice, kernels: readonly StaticKernel[], card: CardName): ModelledChoice {
  const modelled = choice.variants.map(({ name, cost, dispatches }) => ({
    name,
    cost,
    seconds: totalSeconds(dispatches.map((one) => modelDispatch(one, kernels[one.pipeline]!.program, CARDS[card]))),
  }));
  const chosen = modelled.reduce((a, b) => (b.cost < a.cost ? b : a));
  const best = modelled.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  return { choice, chosen: chosen.name, seconds: chosen.seconds, best: best.name, bestSeconds: best.seconds };
}

/** What choices cost on a card beyond the best: over the whole step, and for the worst of them. */
export interface ChoiceLoss {
  readonly card: CardName;
  /** Modelled time of all chosen variants over that of the best ones. */
  readonly total: number;
  readonly worst: number;
}

/** How far the engine's choices are from the best by the model of each card. */
export function choiceLosses(choices: readonly StaticChoice[], kernels: readonly StaticKernel[]): ChoiceLoss[] {
  return (Object.keys(CARDS) as CardName[]).map((card) => {
    const modelled = choices.map((choice) => modelChoice(choice, kernels, card));
    const sum = (value: (one: ModelledChoice) => number) =>
      modelled.reduce((total, one) => total + one.choice.times * value(one), 0);
    return {
      card,
      total: sum(({ seconds }) => seconds) / sum(({ bestSeconds }) => bestSeconds),
      worst: Math.max(...modelled.map(({ seconds, bestSeconds }) => seconds / bestSeconds)),
    };
  });
}

/** A row for each work on a card, those that lose most time first. */
export function choiceTable(
  choices: readonly StaticChoice[],
  { kernels, card }: { readonly kernels: readonly StaticKernel[]; readonly card: CardName },
): string {
  const modelled = choices.map((choice) => modelChoice(choice, kernels, card));
  const lost = ({ choice, seconds, bestSeconds }: ModelledChoice) => choice.times * (seconds - bestSeconds);
  const rows = modelled.sort((a, b) => lost(b) - lost(a)).map(({ choice, chosen, seconds, best, bestSeconds }) => [
    choice.family,
    shapeOf(choice.key),
    choice.times,
    chosen,
    (1e6 * seconds).toFixed(0),
    best,
    (1e6 * bestSeconds).toFixed(0),
    (seconds / bestSeconds).toFixed(2),
  ]);
  return formatTable(["work", "shape", "times", "chosen", "us", "best", "us", "ratio"], rows);
}

/** A work's sizes in short. */
function shapeOf(key: string): string {
  const sizes = JSON.parse(key) as Record<string, unknown>;
  if ("m" in sizes) return `${sizes.m} x ${sizes.n} x ${sizes.k}`;
  const { n, h, w, cin, kh, kw, cout, outH, outW } = sizes;
  return `${n} x ${h} x ${w} x ${cin} by ${kh} x ${kw} to ${outH} x ${outW} x ${cout}`;
}
