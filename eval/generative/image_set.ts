/**
 * Images of one view from one source, as the judge sees them.
 *
 * @module
 */
import { frechetDistance } from "../metrics/generative/frechet_distance.ts";
import { meanSquaredError, structuralSimilarity } from "../metrics/generative/structural_similarity.ts";
import type { Matrix } from "../probes/matrix.ts";
import type { DistanceRecord, MeanRecord, QualityRecord } from "../results/generative_record.ts";
import type { Judge } from "./judge.ts";

/** Side below which structural similarity is not defined. */
const LEAST_SSIM_SIDE = 11;

/** Where images come from. */
export type ImageOrigin = Pick<DistanceRecord, "view" | "source" | "from">;

/** Collects what the judge says of images. */
export class ImageSet {
  readonly #features: Float32Array[] = [];
  readonly #scores: Float64Array[] = [];
  #width = 0;

  constructor(private readonly judge: Judge, readonly origin: ImageOrigin) {}

  /** Number of images. */
  get count(): number {
    return this.#scores.length;
  }

  /** Judges images, given as bytes of `size` pixels each. */
  async add(images: Uint8Array, size: number): Promise<void> {
    const { batchSize } = this.judge;
    for (let start = 0; start < images.length; start += batchSize * size) {
      const batch = images.subarray(start, start + batchSize * size);
      const { scores, features } = await this.judge.judge(batch, this.origin.view);
      const [labels, width] = [scores.length / batchSize, features.length / batchSize];
      this.#width = width;
      for (let row = 0; row < batch.length / size; row++) {
        this.#scores.push(scores.slice(row * labels, (row + 1) * labels));
        this.#features.push(features.slice(row * width, (row + 1) * width));
      }
    }
  }

  /** The score of each image for a label. */
  scoresOf(label: number): Float64Array {
    return Float64Array.from(this.#scores, (own) => own[label]!);
  }

  /** The label with the highest score, of each image. */
  classes(): number[] {
    return this.#scores.map((own) => own.indexOf(Math.max(...own)));
  }

  /** Number of features. */
  get features(): number {
    return this.#width;
  }

  /** The Fréchet distance from other images; `null` if there are fewer than two of either. */
  distanceFrom(other: ImageSet): number | null {
    return this.count < 2 || other.count < 2 ? null : frechetDistance(this.#matrix(), other.#matrix());
  }

  #matrix(): Matrix {
    const values = new Float32Array(this.count * this.#width);
    this.#features.forEach((row, i) => values.set(row, i * this.#width));
    return { values, rows: this.count, columns: this.#width };
  }
}

/** Collects the errors of decoded images. */
export class DecodedQuality {
  readonly #errors: number[] = [];
  readonly #similarities: number[] = [];

  constructor(private readonly views: Pick<QualityRecord, "from" | "to">, private readonly side: number) {}

  /** Compares images with values in [0, 1] with the true ones, given as bytes. */
  add(decoded: Float32Array, truth: Uint8Array): void {
    const { side } = this;
    const size = side * side;
    for (let start = 0; start < truth.length; start += size) {
      const given = decoded.subarray(start, start + size);
      const wanted = Float64Array.from(truth.subarray(start, start + size), (byte) => byte / 255);
      this.#errors.push(meanSquaredError(given, wanted, { side }));
      if (side >= LEAST_SSIM_SIDE) this.#similarities.push(structuralSimilarity(given, wanted, { side }));
    }
  }

  /** Means over the images. */
  summary(): QualityRecord {
    return {
      ...this.views,
      images: this.#errors.length,
      mse: meanOf(this.#errors),
      ssim: this.#similarities.length === 0 ? null : meanOf(this.#similarities),
    };
  }
}

function meanOf(values: readonly number[]): MeanRecord {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: count > 1 ? Math.sqrt(squares / (count - 1) / count) : null };
}
