/**
 * Steps whose loss or gradient is not finite: the error, and the search for the op that causes it.
 *
 * @module
 */
import type { Batch } from "../data/mod.ts";
import type { HostTensor, Ranks, StepSettings } from "../models/mod.ts";
import { type Device, EngineError, NonFiniteError } from "../runtime/mod.ts";
import type { RunConfig } from "./run/run_config.ts";
import type { RunData } from "./data/run_data.ts";
import { createRunTrainer } from "./run_trainer.ts";

/** Such a step and its logged metrics, unless `checkNumerics` already found the op. */
interface BadStep {
  readonly step: number;
  readonly logged?: { readonly loss: number; readonly gradientNorm: number; readonly lossScale?: number };
  /** Number of steps of the run that were skipped before. */
  readonly skipped: number;
}

/**
 * The loss or gradient of a step is not finite, or with `checkNumerics` the result of any op. Optimisers skip
 * such steps, so the parameters are unchanged.
 */
export class NonFiniteStepError extends NonFiniteError {
  /** What happened, without the advice. */
  readonly what: string;
  /** Number of steps of the run that were skipped before. */
  readonly skipped: number;

  /** @param found The op that causes it, as found by `checkNumerics`. */
  constructor(private readonly bad: BadStep, readonly found?: NonFiniteError) {
    const what = describe(bad, found);
    super(
      found?.op ?? "loss",
      bad.step,
      `${what}. The last checkpoint is untouched: go on without this batch by --resume --skip-nonfinite ${
        bad.skipped + 1
      }, or ` +
        `start another run with a smaller --lr${bad.logged?.lossScale === undefined ? "" : " or with --precision f32"}`,
      found?.details ?? {},
    );
    this.what = what;
    this.skipped = bad.skipped;
  }

  /** The same error, naming the op. */
  because(found: NonFiniteError): NonFiniteStepError {
    return new NonFiniteStepError(this.bad, found);
  }
}

function describe(bad: BadStep, found?: NonFiniteError): string {
  const where = describeStep(bad);
  if (!found) return where;
  const { shape = [], site } = found.details;
  const of = shape.length ? ` of shape [${shape.join(", ")}]` : "";
  return `${where}: the first result that is not finite is that of ${found.op}()${of}${
    site === undefined ? "" : `, applied at ${site}`
  }`;
}

function describeStep({ step, logged }: BadStep): string {
  if (!logged) return `step ${step}`;
  const { loss, gradientNorm } = logged;
  return `${Number.isFinite(loss) ? `the gradient's norm is ${gradientNorm}` : `the loss is ${loss}`} at step ${step}`;
}

/** Input of {@link firstNonFinite}. */
export interface RepeatedStep {
  readonly device: Device;
  readonly config: RunConfig;
  readonly data: RunData;
  /** Reads the state of the training. */
  readonly state: () => Promise<ReadonlyMap<string, HostTensor>>;
  /** Batches, starting with that of the step. */
  readonly batches: AsyncGenerator<Batch, void, void>;
  readonly settings: StepSettings;
  /** The processes that did the step together; each repeats it on its own part of the batch. */
  readonly ranks?: Pick<Ranks, "rank" | "size"> | undefined;
}

/**
 * Repeats a step with `checkNumerics` to find the op that causes the non-finite result.
 *
 * Uses the current parameters: a step with a non-finite gradient does not change them, but later steps that were
 * already queued may have.
 *
 * @returns `undefined` if all results are finite this time, or there is too little memory to repeat the step.
 */
export async function firstNonFinite(repeated: RepeatedStep): Promise<NonFiniteError | undefined> {
  const { device, config, data, settings, ranks } = repeated;
  try {
    const state = await repeated.state();
    const alone = ranks && { rank: ranks.rank, size: ranks.size, sum: () => Promise.resolve() };
    using trainer = await createRunTrainer(device, {
      config,
      data,
      checkNumerics: true,
      ...(alone && { ranks: alone }),
    });
    trainer.write(new Map([...state].map(([name, tensor]) => [name, isStatistic(name) ? tamed(tensor) : tensor])));
    for await (const batch of repeated.batches) {
      await trainer.step(batch, settings);
      break;
    }
    await trainer.readMetrics();
    return undefined;
  } catch (error) {
    if (error instanceof NonFiniteError) return error;
    // A failing search must not hide the original error.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** The running statistics include the bad step, but no result of a training step depends on them. */
function isStatistic(name: string): boolean {
  return /\.running_(mean|var)$/.test(name);
}

function tamed({ shape, data }: HostTensor): HostTensor {
  return { shape, data: data.map((value) => Number.isFinite(value) ? value : 0) };
}
