/**
 * Chooses between kernel variants by timing them on the adapter, once.
 *
 * Variants sum in different orders, so runs of equal seeds are bit-identical only with equal choices. A tuner
 * therefore tunes the first program that offers a choice and is **frozen** from then on: later choices take the
 * profile's default. It records all choices, including those that it had no time to measure; a frozen tuner with that
 * record repeats them.
 *
 * @module
 */
import type { Device, DeviceTuner } from "../device/device.ts";
import { DeviceLostError } from "../device/errors.ts";
import type { Candidates, KernelVariant } from "../kernels/kernel.ts";
import { cheapest } from "../kernels/matmul/matmul_tiles.ts";
import { timeLowering } from "./time_lowering.ts";

/** Names of the chosen variants by work. */
export type TuningChoices = ReadonlyMap<string, string>;

/** Options of a tuner. */
export interface KernelTunerOptions {
  /** Known choices from an earlier measurement on this adapter. */
  readonly known?: TuningChoices;
  /** Measure nothing: unknown choices take the default. */
  readonly frozen?: boolean;
  /**
   * Time budget in milliseconds after which nothing more is measured; by default 5,000 on GPUs and 1,000 on software
   * adapters, whose cost estimates were made for one driver and are hard to improve on.
   */
  readonly budgetMilliseconds?: number;
  /**
   * Called with all choices before the program is finally compiled. Returns the choices to use: these, or those of
   * another process that finished tuning first.
   */
  readonly onSettled?: (choices: TuningChoices) => Promise<TuningChoices>;
}

const BUDGET_MILLISECONDS = { software: 1000, gpu: 5000 } as const;
/** Number of variants to time per work, the most promising by estimate. */
const MOST_CANDIDATES = 4;
/** Variants with an estimate of more than this multiple of the best are not timed. */
const MOST_COST = 3;
/** A variant must be faster than the default by this factor to be chosen: timings on a busy machine are noisy. */
const MIN_GAIN = 1.05;

const TIMING = { sampleMilliseconds: 3, samples: 3, pick: "fastest" } as const;

interface Question extends Candidates {
  asked: number;
}

/** See the module's comment. */
export class KernelTuner implements DeviceTuner {
  /** Number of measured works. */
  measured = 0;
  readonly #choices = new Map<string, string>();
  readonly #questions = new Map<string, Question>();
  readonly #known: TuningChoices;
  #frozen: boolean;
  #resting = false;

  /** A tuner without measurements of its own. */
  constructor(private readonly options: KernelTunerOptions = {}) {
    this.#known = options.known ?? new Map();
    this.#frozen = options.frozen ?? false;
  }

  /** Choices made so far. */
  get choices(): TuningChoices {
    return this.#choices;
  }

  /** Makes all further choices the profile's default, for programs other than the tuned one. */
  rest(): void {
    this.#resting = true;
    this.#frozen = true;
  }

  choose(work: { readonly family: string; readonly key: string }, candidates: Candidates): string | undefined {
    if (this.#resting) return undefined;
    const id = `${work.family} ${work.key}`;
    const made = this.#choices.get(id);
    if (made !== undefined) return made;
    const known = this.#known.get(id);
    if (known !== undefined && candidates.variants.some(({ name }) => name === known)) {
      this.#choices.set(id, known);
      return known;
    }
    if (this.#frozen || candidates.variants.length < 2) return undefined;
    const question = this.#questions.get(id);
    if (question) question.asked++;
    else this.#questions.set(id, { ...candidates, asked: 1 });
    return undefined;
  }

  /**
   * Measures the variants of all works asked for so far, within the time budget; true if anything was chosen.
   *
   * @throws {DeviceLostError} if the device is lost meanwhile.
   */
  async settle(device: Device): Promise<boolean> {
    if (this.#frozen || (this.#questions.size === 0 && this.#choices.size === 0)) return false;
    const end = performance.now() + (this.options.budgetMilliseconds ?? BUDGET_MILLISECONDS[device.target.profile]);
    const defaults = new Map<string, string>();
    const offered = new Map<string, readonly KernelVariant[]>();
    // Variants may raise further questions, about the matrix products that they consist of.
    while (this.#questions.size > 0) {
      const questions = [...this.#questions].sort(([, a], [, b]) => weight(b) - weight(a));
      this.#questions.clear();
      for (const [id, question] of questions) {
        const fallback = cheapest(question.variants).name;
        const inTime = device.hasTimestamps && performance.now() < end;
        const winner = inTime ? await fastest(device, question) : fallback;
        if (inTime) this.measured++;
        this.#choices.set(id, winner);
        defaults.set(id, fallback);
        offered.set(id, question.variants);
      }
    }
    this.#frozen = true;
    for (const [id, name] of await this.options.onSettled?.(this.#choices) ?? []) {
      if (offered.get(id)?.some((variant) => variant.name === name)) this.#choices.set(id, name);
    }
    return [...defaults].some(([id, fallback]) => this.#choices.get(id) !== fallback);
  }
}

/** The possible gain is proportional to the time of the work. */
function weight({ variants, asked }: Question): number {
  return cheapest(variants).cost * asked;
}

/** The name of the fastest candidate. */
async function fastest(device: Device, question: Question): Promise<string> {
  const { variants, inputs, outputs } = question;
  const byCost = variants.toSorted((a, b) => a.cost - b.cost);
  const limit = byCost[0]!.cost * MOST_COST;
  const candidates = byCost.filter(({ cost }) => cost <= limit || cost === Infinity).slice(0, MOST_CANDIDATES);
  let best = { name: candidates[0]!.name, time: Infinity };
  for (const [i, { name, lower }] of candidates.entries()) {
    const time = await timed(device, () => timeLowering(device, lower(), { inputs, outputs, ...TIMING }));
    if (time * (i > 0 ? MIN_GAIN : 1) < best.time) best = { name, time };
  }
  return best.name;
}

/** Infinity for a candidate that fails, for lack of memory for example. */
async function timed(device: Device, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeviceLostError) throw error;
    device.check();
    return Infinity;
  }
}
