/**
 * Validation of a run during training: when it is due, its history, and what follows for the run.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { type Device, OutOfMemoryError } from "../../runtime/mod.ts";
import type { StepSettings } from "../../models/mod.ts";
import type { RunRanks } from "../ranks.ts";
import type { RunConfig } from "../run/run_config.ts";
import type { ValidationLine } from "../run/validation_line.ts";
import type { AurocMeasures } from "./validation_auroc.ts";
import { type BestBy, bestIndex, isExhausted, valueOf } from "./validation_history.ts";
import { type Validated, Validator, type ValidatorOptions } from "./validator.ts";

/** Options of {@linkcode Validation.open}. */
export interface ValidationOptions extends Omit<ValidatorOptions, "auroc"> {
  readonly device: Device;
  /** How AUROC is measured; required by runs that want it. */
  readonly auroc?: AurocMeasures | undefined;
  /** The processes that train the run together: rank 0 validates and sends the others its results. */
  readonly ranks?: RunRanks | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The best validation so far. */
export interface BestValidation {
  /** Steps done before it. */
  readonly step: number;
  /** Whether it is the best by loss or AUROC. */
  readonly by: BestBy;
  /** That loss or AUROC. */
  readonly value: number;
}

/** Why a run stopped early. */
export interface EarlyStop {
  /** Validations without improvement. */
  readonly patience: number;
  /** The best validation; none if no value was finite. */
  readonly best?: BestValidation;
}

/** The validations of a run. Dispose of it to free its memory. */
export class Validation implements Disposable {
  #lines: ValidationLine[] = [];
  readonly #by: BestBy;

  private constructor(
    private readonly config: RunConfig,
    private readonly interval: number,
    private readonly validator: Validator | undefined,
    private readonly ranks: RunRanks | undefined,
  ) {
    this.#by = config.training.keepBest ?? "loss";
  }

  /**
   * Prepares the validations of a run.
   *
   * @returns `undefined` if there are none: by `--validate-steps 0`, or because the data have no validation split or
   * memory is short, unless the configuration asks for something that needs them.
   * @throws {DataError} if it asks, naming what.
   */
  static async open(options: ValidationOptions): Promise<Validation | undefined> {
    const { config, stepsPerEpoch, ranks } = options;
    const { validateSteps: interval = stepsPerEpoch } = config.training;
    const asks = askedFor(config);
    if (interval === 0) {
      if (asks !== undefined) throw new DataError(`${asks} needs validations: leave --validate-steps 0 out`);
      return undefined;
    }
    const validator = ranks === undefined || ranks.rank === 0 ? await createValidator(options, asks) : undefined;
    // Rank 0 compiles the validation, which may take longer than ranks wait for each other in a step.
    await ranks?.onCompiled?.();
    if (ranks !== undefined && !await shared(ranks, validator !== undefined)) return undefined;
    return ranks !== undefined || validator !== undefined
      ? new Validation(config, interval, validator, ranks)
      : undefined;
  }

  /** Takes over the validations of earlier sessions, which only rank 0 has. */
  async resume(lines: readonly ValidationLine[]): Promise<void> {
    this.#lines = [...this.ranks === undefined ? lines : await shared(this.ranks, lines)];
  }

  /** Whether there is a validation after so many steps: at every interval and at the end of the run. */
  isDue(step: number, { steps }: { steps: number }): boolean {
    return step > 0 && (step % this.interval === 0 || step === steps);
  }

  /** Measures the parameters and adds the result to the history; it is the same on all ranks. */
  async measure(
    at: { step: number; epoch: number; seconds: number },
    settings: Omit<StepSettings, "step">,
  ): Promise<ValidationLine> {
    const own = await this.validator?.measure(settings);
    const { loss, ...measured } = this.ranks === undefined ? own! : await shared<Validated>(this.ranks, own);
    const { seconds, ...when } = at;
    const line: ValidationLine = { kind: "validation", ...when, loss: loss ?? NaN, ...measured, seconds };
    this.#lines.push(line);
    return line;
  }

  /** The losses of the validations after at most so many steps, oldest first. */
  losses(step: number): number[] {
    return this.#lines.filter((line) => line.step <= step).map(({ loss }) => loss);
  }

  /** The best validation so far, by AUROC if the run keeps the checkpoint that is best by it, else by loss. */
  get best(): BestValidation | undefined {
    const line = this.#lines[bestIndex(this.#lines, this.#by)];
    return line && { step: line.step, by: this.#by, value: valueOf(line, this.#by) };
  }

  /** Whether the checkpoint after so many steps is to be kept as the best. */
  isBest(step: number): boolean {
    return this.config.training.keepBest !== undefined && this.best?.step === step;
  }

  /** Why training is to stop, if it is. */
  get early(): EarlyStop | undefined {
    const { patience } = this.config.training;
    if (patience === undefined || !isExhausted(this.#lines, { by: this.#by, patience })) return undefined;
    return { patience, ...(this.best ? { best: this.best } : {}) };
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.validator?.[Symbol.dispose]();
  }
}

/** The flag of a configuration that needs validations, if there is one. */
function askedFor(config: RunConfig): string | undefined {
  const { keepBest, patience, validateAuroc, validateSteps = 0, schedule } = config.training;
  if (keepBest !== undefined) return `--keep-best ${keepBest}`;
  if (patience !== undefined) return `--patience ${patience}`;
  if (validateAuroc) return "--validate-auroc";
  if (schedule === "plateau") return "--schedule plateau";
  return validateSteps > 0 ? `--validate-steps ${validateSteps}` : undefined;
}

async function createValidator(
  { device, auroc, onWarning, ...options }: ValidationOptions,
  asks: string | undefined,
): Promise<Validator | undefined> {
  const { config, data } = options;
  const { validateAuroc = false, keepBest } = config.training;
  const wantsAuroc = validateAuroc || keepBest === "auroc";
  if (wantsAuroc && auroc === undefined) throw new TypeError("a run that validates AUROC needs the option auroc");
  if (wantsAuroc && data.index.labels.length === 0) throw new DataError(`${asks} needs labels, and the data have none`);
  try {
    const validator = await Validator.create(device, { ...options, ...(wantsAuroc ? { auroc } : {}) });
    if (validator === undefined && asks !== undefined) {
      throw new DataError(
        `${asks} needs a validation split, and the data have no validation pair of the run's views: make one by ` +
          "--split paper or --split-file, or leave the flag out",
      );
    }
    return validator;
  } catch (error) {
    if (!(error instanceof OutOfMemoryError) || asks !== undefined) throw error;
    onWarning?.("the run is trained without validations, because the GPU memory left does not hold the model twice");
    return undefined;
  }
}

/** Sends a value from rank 0 to the others. */
async function shared<T>(ranks: RunRanks, own?: T): Promise<T> {
  const bytes = ranks.rank === 0 ? new TextEncoder().encode(JSON.stringify(own)) : undefined;
  return JSON.parse(new TextDecoder().decode(await ranks.broadcast(bytes)));
}
