/**
 * Chooses between the variants of kernels by timing them on the adapter, once.
 *
 * Equal choices are what makes equal seeds give equal bits: variants sum in different orders. A tuner therefore tunes one program, the
 * first one with a choice that it compiles, and is **frozen** from then on: what it was not asked for by then takes the profile's default.
 * It records every choice, also those that it had no time to measure; a tuner that is given a record and frozen makes the same ones.
 *
 * @module
 */
import type { Device, DeviceTuner } from "../device/device.ts";
import { DeviceLostError } from "../device/errors.ts";
import type { Candidates, KernelVariant } from "../kernels/kernel.ts";
import { cheapest } from "../kernels/matmul/matmul_tiles.ts";
import { timeLowering } from "./time_lowering.ts";

/** Names of variants by work. */
export type TuningChoices = ReadonlyMap<string, string>;

/** What a tuner starts with. */
export interface KernelTunerOptions {
  /** Choices that are known, from an earlier measurement on this adapter. */
  readonly known?: TuningChoices;
  /** Measure nothing: what is not known takes the default. */
  readonly frozen?: boolean;
  /** Milliseconds after which no further work is measured; 5,000 by default. */
  readonly budgetMilliseconds?: number;
  /**
   * Called with all choices of the program before it is compiled for good. It gives them back, or others: those of another process, say, that
   * measured at the same time and was first to tell.
   */
  readonly onSettled?: (choices: TuningChoices) => Promise<TuningChoices>;
}

/** Variants that are timed for one work, the most promising by estimate. */
const MOST_CANDIDATES = 4;
/** Variants whose estimate is this many times the best one's are not timed. */
const MOST_COST = 3;
/** A variant must be this much faster than the default to be preferred: a busy machine's times are noisy. */
const MIN_GAIN = 1.05;

const TIMING = { sampleMilliseconds: 3, samples: 3, pick: "fastest" } as const;

interface Question extends Candidates {
  asked: number;
}

/** See the module's comment. */
export class KernelTuner implements DeviceTuner {
  /** Works that were measured. */
  measured = 0;
  readonly #choices = new Map<string, string>();
  readonly #questions = new Map<string, Question>();
  readonly #known: TuningChoices;
  #frozen: boolean;
  #resting = false;

  constructor(private readonly options: KernelTunerOptions = {}) {
    this.#known = options.known ?? new Map();
    this.#frozen = options.frozen ?? false;
  }

  /** Choices made so far. */
  get choices(): TuningChoices {
    return this.#choices;
  }

  /** From now on everything takes the profile's default: for work besides the program that was tuned. */
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

  /** @throws {DeviceLostError} if the device is lost meanwhile. */
  async settle(device: Device): Promise<boolean> {
    if (this.#frozen || (this.#questions.size === 0 && this.#choices.size === 0)) return false;
    const end = performance.now() + (this.options.budgetMilliseconds ?? 5000);
    const defaults = new Map<string, string>();
    const offered = new Map<string, readonly KernelVariant[]>();
    // Variants may ask in their turn, for the matrix products that they are made of.
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

/** What there is to gain is in proportion to the time that the work takes. */
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

/** Infinity for a candidate that does not run here, for want of memory for example. */
async function timed(device: Device, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeviceLostError) throw error;
    device.check();
    return Infinity;
  }
}
