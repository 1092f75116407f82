/**
 * Losses on the embeddings of two views, from their definitions in float64.
 *
 * @module
 */

type Numbers = ArrayLike<number>;

/** Two views' embeddings [N, D] and which samples count. */
export interface Embeddings {
  readonly samples: number;
  readonly dimensions: number;
  readonly a: Numbers;
  readonly b: Numbers;
  /** Numbers of the samples that count; all by default. */
  readonly counted?: readonly number[];
}

/** The rows that count, as arrays. */
function rows(x: Numbers, { samples, dimensions, counted }: Embeddings): number[][] {
  const all = Array.from({ length: samples }, (_, n) => n);
  return (counted ?? all).map((n) => Array.from({ length: dimensions }, (_, d) => x[n * dimensions + d]!));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / Math.max(values.length, 1);
}

/** Column d minus its mean. */
function centredColumn(x: readonly number[][], d: number): number[] {
  const column = x.map((row) => row[d]!);
  const mean = meanOf(column);
  return column.map((value) => value - mean);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Zbontar et al., equation 1, of columns standardised with an epsilon of 1e-5. */
export function barlowTwins(embeddings: Embeddings, lambda: number): number {
  const { dimensions } = embeddings;
  const [a, b] = [rows(embeddings.a, embeddings), rows(embeddings.b, embeddings)];
  const standard = (x: number[][], d: number) => {
    const column = centredColumn(x, d);
    const deviation = Math.sqrt(meanOf(column.map((value) => value * value)) + 1e-5);
    return column.map((value) => value / deviation);
  };
  let loss = 0;
  if (a.length === 0) return 0;
  for (let i = 0; i < dimensions; i++) {
    for (let j = 0; j < dimensions; j++) {
      const correlation = dot(standard(a, i), standard(b, j)) / a.length;
      loss += i === j ? (1 - correlation) ** 2 : lambda * correlation ** 2;
    }
  }
  return loss;
}

/** Bardes et al., equations 1 to 5, with an epsilon of 1e-4: invariance, variance and covariance. */
export function vicreg(embeddings: Embeddings): [number, number, number] {
  const { dimensions } = embeddings;
  const views = [rows(embeddings.a, embeddings), rows(embeddings.b, embeddings)];
  const [a, b] = views as [number[][], number[][]];
  const count = a.length;
  if (count === 0) return [0, 0, 0];
  const invariance = meanOf(a.flatMap((row, n) => row.map((value, d) => (value - b[n]![d]!) ** 2)));
  let [variance, covariance] = [0, 0];
  for (const x of views) {
    for (let i = 0; i < dimensions; i++) {
      const own = centredColumn(x, i);
      variance += Math.max(0, 1 - Math.sqrt(dot(own, own) / Math.max(count - 1, 1) + 1e-4)) / dimensions / 2;
      for (let j = 0; j < dimensions; j++) {
        if (j !== i) covariance += (dot(own, centredColumn(x, j)) / Math.max(count - 1, 1)) ** 2 / dimensions;
      }
    }
  }
  return [invariance, variance, covariance];
}

/** Cosine of two vectors. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** CLIP's symmetric cross-entropy over cosines times a scale. */
export function contrastive(embeddings: Embeddings, scale: number): number {
  const [a, b] = [rows(embeddings.a, embeddings), rows(embeddings.b, embeddings)];
  const logits = a.map((row) => b.map((other) => scale * cosine(row, other)));
  const entropy = (own: number, all: readonly number[]) =>
    Math.log(all.reduce((sum, logit) => sum + Math.exp(logit - own), 0));
  const losses = logits.map((row, n) =>
    (entropy(row[n]!, row) + entropy(row[n]!, logits.map((others) => others[n]!))) / 2
  );
  return meanOf(losses);
}
