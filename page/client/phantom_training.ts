/**
 * Training of the small network on phantoms, as `Try it` does it: by the engine and the trainer of `deno task train`.
 *
 * @module
 */
import { FastRandom } from "../../base/random.ts";
import type { StepTrainer } from "../../models/trainer.ts";
import type { VaeConfig } from "../../models/vae/vae.ts";
import { VaeInference } from "../../models/vae/vae_inference.ts";
import { createVaeTrainer, type VaeBatch } from "../../models/vae/vae_trainer.ts";
import { type Device, schedules } from "../../runtime/mod.ts";
import { drawPhantomPairs, type PhantomPair } from "./phantom_pairs.ts";

/** Side of the pictures in pixels. */
export const SIDE = 32;
/** The views, in the order of a pair. */
export const VIEWS = ["frontal", "lateral"] as const;

const BATCH = 16;
/** Most pairs: drawing one takes about as long as a step. */
const PAIRS = 160;
const LEARNING_RATE = 1e-3;
/** Steps over which the weight of the standard normal prior falls, as published. */
const ALPHA_STEPS = 100;
const SEED = 1;

const CONFIG: VaeConfig = {
  method: "mmvm",
  views: VIEWS,
  network: "small",
  imageSize: SIDE,
  filterDim: 8,
  latentDim: 8,
  dropout: 0,
  likelihood: { name: "laplace", scale: 0.75 },
};

/** A training in progress. Dispose of it to free its memory. */
export class PhantomTraining implements Disposable {
  /** The phantoms drawn so far. */
  readonly pairs: PhantomPair[] = [];
  /** The loss of each step whose metrics were read. */
  readonly losses: number[] = [];
  readonly #drawing = drawPhantomPairs({ seed: SEED, side: SIDE });
  readonly #random = new FastRandom(SEED, 2);
  readonly #alpha = schedules.exponential({ from: 1, to: 1e-10, steps: ALPHA_STEPS });
  #trainer: StepTrainer<VaeBatch> | undefined;
  #inference: VaeInference | undefined;
  #steps = 0;

  /** Steps done. */
  get steps(): number {
    return this.#steps;
  }

  /** Draws one more pair, unless there are enough. */
  draw(): void {
    if (this.pairs.length < PAIRS) this.pairs.push(this.#drawing.next().value!);
  }

  /** Compiles the training step. */
  async compile(device: Device): Promise<void> {
    this.#trainer = await createVaeTrainer(device, { config: CONFIG, batchSize: BATCH, seed: SEED });
    this.#inference = VaeInference.open(device, { config: CONFIG, batchSize: 1 });
  }

  /** Does a step on a batch of the pairs so far, after {@linkcode compile}. */
  step(): void {
    const step = this.#steps++;
    this.#trainer!.step(this.#batch(), { step, learningRate: LEARNING_RATE, beta: 1, alpha: this.#alpha(step) });
  }

  /** Waits for the steps so far, and adds their losses. */
  async readLosses(): Promise<void> {
    this.losses.push(...(await this.#trainer!.readMetrics()).map(({ values }) => values.loss!));
  }

  /** What the model makes of a pair: `result[from][to]`, pixels in [0, 1]. */
  async decode(pair: PhantomPair): Promise<Float32Array[][]> {
    this.#inference!.write(await this.#trainer!.parameters.read());
    const pixels = new Uint8Array(VIEWS.length * SIDE * SIDE);
    pair.forEach((picture, m) => pixels.set(picture, m * SIDE * SIDE));
    return await this.#inference!.decode(pixels);
  }

  /** Frees the GPU memory. */
  [Symbol.dispose](): void {
    this.#trainer?.[Symbol.dispose]();
    this.#inference?.[Symbol.dispose]();
  }

  /** Random pairs, view-major. */
  #batch(): VaeBatch {
    const size = SIDE * SIDE;
    const pixels = new Uint8Array(VIEWS.length * BATCH * size);
    for (let i = 0; i < BATCH; i++) {
      const pair = this.pairs[this.#random.below(this.pairs.length)]!;
      pair.forEach((picture, m) => pixels.set(picture, (m * BATCH + i) * size));
    }
    return { pixels };
  }
}
