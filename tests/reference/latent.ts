/**
 * Diagonal normals in float64, one sample at a time: the formulas as the papers write them, with none of the kernels'
 * rearrangements.
 *
 * @module
 */

/** The posterior of one view for one sample: a mean and a log variance for each latent dimension. */
export interface Normal {
  readonly mu: readonly number[];
  readonly logvar: readonly number[];
}

/** N(0, I) with as many dimensions as `like`. */
export function standardNormal(like: Normal): Normal {
  return { mu: like.mu.map(() => 0), logvar: like.mu.map(() => 0) };
}

/** KL(q || p) = 1/2 sum of (log var_p - log var_q - 1 + (var_q + (mu_q - mu_p)^2) / var_p). */
export function klDivergence(q: Normal, p: Normal): number {
  let sum = 0;
  for (let d = 0; d < q.mu.length; d++) {
    const difference = q.mu[d]! - p.mu[d]!;
    // One exponential of the difference rather than a ratio of two, so that float64 does not overflow where float32
    // does not.
    sum += p.logvar[d]! - q.logvar[d]! - 1 + Math.exp(q.logvar[d]! - p.logvar[d]!) +
      difference * difference * Math.exp(-p.logvar[d]!);
  }
  return sum / 2;
}

/** z = mu + sigma eps. */
export function reparameterized(q: Normal, eps: readonly number[]): number[] {
  return q.mu.map((mu, d) => mu + Math.sqrt(Math.exp(q.logvar[d]!)) * eps[d]!);
}

/**
 * The MMVM regulariser of the views that are present: sum over m of alpha KL(q_m || N(0, I)) + (1 - alpha)/P sum over
 * m' of KL(q_m || q_m').
 */
export function mmvmKl(views: readonly Normal[], alpha: number): number {
  let sum = 0;
  for (const q of views) {
    sum += alpha * klDivergence(q, standardNormal(q));
    for (const p of views) sum += (1 - alpha) / views.length * klDivergence(q, p);
  }
  return sum;
}

/** log N(z; mu, var). */
export function logDensity(z: readonly number[], q: Normal): number {
  let sum = 0;
  for (let d = 0; d < z.length; d++) {
    sum -= 0.5 * (Math.log(2 * Math.PI) + q.logvar[d]! + (z[d]! - q.mu[d]!) ** 2 / Math.exp(q.logvar[d]!));
  }
  return sum;
}

/** log of the mean of the densities of `views` at z. */
export function logMixtureDensity(z: readonly number[], views: readonly Normal[]): number {
  const logs = views.map((q) => logDensity(z, q));
  const peak = Math.max(...logs);
  return peak + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - peak), 0) / views.length);
}

/** The product of normals, renormalised: precisions add, means are averaged by precision. */
function productOfExperts(experts: readonly Normal[]): Normal {
  return combine(experts, (logvars, mus) => {
    // Relative to the largest precision, which cancels in the mean.
    const peak = Math.max(...logvars.map((logvar) => -logvar));
    const precisions = logvars.map((logvar) => Math.exp(-logvar - peak));
    const total = precisions.reduce((sum, precision) => sum + precision, 0);
    const mu = mus.reduce((sum, mu, m) => sum + mu * precisions[m]!, 0) / total;
    return [mu, -(peak + Math.log(total))];
  });
}

/** The mean of the means and the log of the mean variance. */
function averageOfExperts(experts: readonly Normal[]): Normal {
  return combine(experts, (logvars, mus) => {
    const peak = Math.max(...logvars);
    const total = logvars.reduce((sum, logvar) => sum + Math.exp(logvar - peak), 0);
    return [mus.reduce((sum, mu) => sum + mu, 0) / mus.length, peak + Math.log(total / logvars.length)];
  });
}

function combine(
  experts: readonly Normal[],
  one: (logvars: readonly number[], mus: readonly number[]) => readonly [number, number],
): Normal {
  const pairs = experts[0]!.mu.map((_, d) =>
    one(experts.map((expert) => expert.logvar[d]!), experts.map((expert) => expert.mu[d]!))
  );
  return { mu: pairs.map(([mu]) => mu), logvar: pairs.map(([, logvar]) => logvar) };
}

/** All non-empty subsets of the numbers 0 to `count` - 1, by size, then lexicographically. */
export function subsetsBySize(count: number): number[][] {
  const subsets: number[][] = [];
  for (let bits = 1; bits < 2 ** count; bits++) {
    subsets.push(Array.from({ length: count }, (_, i) => i).filter((i) => (bits >> i) & 1));
  }
  return subsets.sort((a, b) => {
    if (a.length !== b.length) return a.length - b.length;
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  });
}

/** The component that sample `n` of `samples` takes under batch slices. */
export function batchSlice(n: number, options: { samples: number; components: number }): number {
  const slice = Math.floor(options.samples / options.components);
  for (let k = 0; k < options.components - 1; k++) if (n >= k * slice && n < (k + 1) * slice) return k;
  return options.components - 1;
}

/** One sample's aggregate from the views that are present; `component` picks among the components of moe and mopoe. */
export function aggregated(
  views: readonly Normal[],
  options: { method: "poe" | "moe" | "mopoe" | "avg"; component: (count: number) => number },
): Normal {
  if (options.method === "poe") return productOfExperts(views);
  if (options.method === "avg") return averageOfExperts(views);
  const subsets = subsetsBySize(views.length)
    .filter((subset) => options.method === "mopoe" || subset.length === 1);
  return productOfExperts(subsets[options.component(subsets.length)]!.map((m) => views[m]!));
}

/** The gradient of a scalar function by central differences. */
export function numericGradient(f: (x: readonly number[]) => number, x: readonly number[]): number[] {
  return x.map((value, i) => {
    const step = 1e-5 * Math.max(1, Math.abs(value));
    const shifted = (by: number) => f(x.map((other, j) => (j === i ? other + by : other)));
    return (shifted(step) - shifted(-step)) / (2 * step);
  });
}
