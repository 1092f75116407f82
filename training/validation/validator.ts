/**
 * Measures a model in training on the validation sample.
 *
 * @module
 */
import type { Batch } from "../../data/mod.ts";
import {
  BatchEvaluator,
  type EvaluatedBatch,
  methodOf,
  type Parameters,
  privateDimOf,
  type StepSettings,
} from "../../models/mod.ts";
import type { Device } from "../../runtime/mod.ts";
import type { RunData } from "../data/run_data.ts";
import { viewsOfRun } from "../data/run_views.ts";
import type { RunConfig } from "../run/run_config.ts";
import type { ValidationLine } from "../run/validation_line.ts";
import { isAlignment, isSupervised, trainableOf } from "../run_trainer.ts";
import { measureSharing } from "./measure_sharing.ts";
import { type AurocMeasures, type LabelledRows, meanAuroc } from "./validation_auroc.ts";
import { KeptBatches, probePairs, validationPairs } from "./validation_sample.ts";

/** What a validator needs. */
export interface ValidatorOptions {
  readonly config: RunConfig;
  readonly data: RunData;
  /** The parameters in training. */
  readonly parameters: Parameters;
  readonly stepsPerEpoch: number;
  /** Measures AUROC, if it is wanted. */
  readonly auroc?: AurocMeasures | undefined;
}

/** What a validation measures. */
export type Validated = Omit<ValidationLine, "kind" | "step" | "epoch" | "seconds">;

/** The validation sample and the compiled model in evaluation mode. Dispose of it to free its memory. */
export class Validator implements Disposable {
  readonly #batches: KeptBatches;
  readonly #probed: KeptBatches | undefined;

  private constructor(
    private readonly evaluator: BatchEvaluator<Batch>,
    private readonly options: ValidatorOptions & { readonly names: readonly string[]; readonly pairs: number },
    tables: { batches: KeptBatches; probed: KeptBatches | undefined },
  ) {
    this.#batches = tables.batches;
    this.#probed = tables.probed;
  }

  /**
   * Selects the sample and compiles the model.
   *
   * @returns `undefined` if the validation split has no pair of the run's views.
   * @throws {OutOfMemoryError} if the model in evaluation mode does not fit beside the training step.
   */
  static async create(device: Device, options: ValidatorOptions): Promise<Validator | undefined> {
    const { data, parameters, auroc } = options;
    const config = ofMicroBatches(options.config);
    const { batchSize, seed, precision = "f32" } = config.training;
    const { accumulate = 1 } = options.config.training;
    const pairs = validationPairs(config, data, { stepsPerEpoch: options.stepsPerEpoch * accumulate });
    if (pairs === undefined) return undefined;
    const evaluator = await BatchEvaluator.create(device, {
      model: trainableOf(config, data),
      parameters,
      seed,
      precision,
    });
    const needsProbes = auroc !== undefined && !isSupervised(config);
    return new Validator(evaluator, { ...options, config, names: viewsOfRun(config, data).names, pairs: pairs.count }, {
      batches: new KeptBatches(data, { pairs, batchSize }),
      probed: needsProbes ? new KeptBatches(data, { pairs: probePairs(config, data), batchSize }) : undefined,
    });
  }

  /**
   * Measures the parameters as they are now.
   *
   * @param settings Weights of the objective.
   */
  async measure(settings: Omit<StepSettings, "step">): Promise<Validated> {
    const { config, auroc } = this.options;
    const sample = await this.#evaluate(this.#batches, settings);
    const measured = auroc === undefined ? undefined : isSupervised(config)
      ? meanAuroc(
        await Promise.all(this.#scores(sample).map(async ({ name, rows }) => [name, await auroc.ofScores(rows)])),
      )
      : meanAuroc(await this.#probe(sample, { settings, auroc }));
    return {
      ...meansOf(sample.results.map(({ metrics }) => metrics)),
      ...this.#sharing(sample),
      ...(measured ? { auroc: measured } : {}),
      pairs: this.options.pairs,
    };
  }

  /** Evaluates a sample, and keeps what is needed of its batches. */
  async #evaluate(kept: KeptBatches, settings: Omit<StepSettings, "step">): Promise<Sample> {
    const present: Float32Array[] = [];
    const labels: Int8Array[] = [];
    async function* noted() {
      for await (const batch of kept.read()) {
        present.push(batch.present);
        labels.push(batch.labels);
        yield batch;
      }
    }
    return { results: await this.evaluator.evaluate(noted(), settings), present, labels };
  }

  #sharing({ results, present }: Sample): Pick<ValidationLine, "sharing"> {
    const { names: views, config } = this.options;
    if (views.length < 2) return {};
    const batches = results.flatMap(({ outputs: { mu, logvar } }, i) =>
      mu && logvar ? [{ mu, logvar, present: present[i]! }] : []
    );
    if (batches.length === 0) return {};
    const { latentDim } = config.model;
    const privateDim = privateDimOf(methodOf(config.model.method), config.model);
    return { sharing: measureSharing({ views, latentDim, privateDim, batches }) };
  }

  /** The scores of a classifier: of each view, or of all together. */
  #scores(sample: Sample): { name: string; rows: LabelledRows }[] {
    const { names, config: { model: { method } } } = this.options;
    if (method === "supervised") {
      return names.map((name, m) => ({ name, rows: this.#rows(sample, { output: `view ${m}`, view: m }) }));
    }
    const name = method === "supervised-joint" ? "joint" : "ensemble";
    return [{ name, rows: this.#rows(sample, { output: "combined" }) }];
  }

  /** AUROC of probes of each view's posterior means, or of its features in models without posteriors. */
  async #probe(
    sample: Sample,
    { settings, auroc }: { settings: Omit<StepSettings, "step">; auroc: AurocMeasures },
  ): Promise<[string, number][]> {
    const train = await this.#evaluate(this.#probed!, settings);
    const measured: [string, number][] = [];
    for (const [view, name] of this.options.names.entries()) {
      const own = isAlignment(this.options.config)
        ? { output: `view ${view}`, view }
        : { output: "mu", view, stacked: true };
      const rowsOf = (of: Sample) => this.#rows(of, own);
      measured.push([name, await auroc.ofLatents({ train: rowsOf(train), validation: rowsOf(sample) })]);
    }
    return measured;
  }

  /** An output of the samples that have a view, with their labels. */
  #rows(
    { results, present, labels }: Sample,
    { output, view, stacked = false }: { output: string; view?: number; stacked?: boolean },
  ): LabelledRows {
    const { batchSize } = this.options.config.training;
    const labelCount = this.options.data.index.labels.length;
    const values: number[] = [];
    const known: number[] = [];
    results.forEach(({ outputs }, i) => {
      const all = outputs[output];
      if (all === undefined) {
        throw new TypeError(`the model has no output ${output} from which AUROC could be measured`);
      }
      const own = stacked ? all.subarray(view! * (all.length / this.options.names.length)) : all;
      const columns = (stacked ? all.length / this.options.names.length : all.length) / batchSize;
      for (let row = 0; row < batchSize; row++) {
        if (view !== undefined && !present[i]![view * batchSize + row]) continue;
        values.push(...own.subarray(row * columns, (row + 1) * columns));
        known.push(...labels[i]!.subarray(row * labelCount, (row + 1) * labelCount));
      }
    });
    return { values: Float32Array.from(values), labels: Int8Array.from(known), labelCount };
  }

  /** Frees the GPU memory; the parameters stay. */
  [Symbol.dispose](): void {
    this.evaluator[Symbol.dispose]();
  }
}

/** The configuration with batches as large as its micro-batches, which are all that needs to fit into memory. */
function ofMicroBatches({ training, ...rest }: RunConfig): RunConfig {
  const { accumulate = 1, batchSize } = training;
  return accumulate === 1
    ? { ...rest, training }
    : { ...rest, training: { ...training, accumulate: 1, batchSize: batchSize / accumulate } };
}

/** Results on a sample, batch by batch. */
interface Sample {
  readonly results: readonly EvaluatedBatch[];
  readonly present: readonly Float32Array[];
  readonly labels: readonly Int8Array[];
}

/** Means over batches of equal size. */
function meansOf(batches: readonly Readonly<Record<string, number>>[]): { loss: number } & Record<string, number> {
  const names = Object.keys(batches[0] ?? {});
  const mean = (name: string) => batches.reduce((sum, values) => sum + values[name]!, 0) / batches.length;
  return { loss: NaN, ...Object.fromEntries(names.map((name) => [name, mean(name)])) };
}
