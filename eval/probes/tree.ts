/**
 * One decision tree of a random forest: entropy criterion, histogram splits, random features at every node.
 *
 * @module
 */
import type { FastRandom } from "../../base/random.ts";
import { type BinnedMatrix, BINS } from "./binning.ts";

/** How a tree may grow, as in scikit-learn's `RandomForestClassifier`. */
export interface TreeOptions {
  /** Largest depth; the root has depth 0. */
  readonly maxDepth: number;
  /** Smallest number of distinct cases in a node to be split. */
  readonly minSamplesSplit: number;
  /** Features tried per split; more are tried only if all of these are constant. */
  readonly featuresPerSplit: number;
}

/** A grown tree. Node 0 is the root; the children of an inner node are `left[node]` and `left[node] + 1`. */
export interface Tree {
  /** Feature on which an inner node splits; -1 for a leaf. */
  readonly feature: Int32Array;
  /** Cases with a bin number up to this go left. */
  readonly bin: Uint8Array;
  readonly left: Int32Array;
  /** Fraction of positive weight in the node: a leaf's prediction. */
  readonly positiveShare: Float64Array;
}

/** The bootstrap sample from which a tree is grown, as distinct cases with multiplicities. */
export interface TreeSample {
  readonly features: BinnedMatrix;
  /** Distinct cases; reordered while the tree grows. */
  readonly cases: Int32Array;
  /** Per entry of `cases`: how often it was drawn. Reordered along with it. */
  readonly weights: Int32Array;
  /** Per entry of `cases`: its weight if positive, else 0. Reordered along with it. */
  readonly positives: Int32Array;
}

/** The best split of a node. */
interface Split {
  readonly feature: number;
  readonly bin: number;
}

/** A node to be split: its range of the sample, and its index in the tree. */
interface Pending {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly weight: number;
  readonly positive: number;
}

/** Tabulates T(n) = n log n, so that entropies need no logarithms: n H = T(n) - T(positives) - T(negatives). */
export function entropyTable(cases: number): Float64Array {
  const table = new Float64Array(cases + 1);
  for (let n = 2; n <= cases; n++) table[n] = n * Math.log(n);
  return table;
}

/** Node size below which finding the occupied bins through a bit set is faster than scanning all bins. */
const SMALL_NODE = 200;

/** Grows trees on one matrix, with scratch space shared between them. */
export class TreeGrower {
  readonly #features: BinnedMatrix;
  readonly #options: TreeOptions;
  readonly #table: Float64Array;
  /** Per bin, the weight of all cases and of positive cases in the current node; all zero between uses. */
  readonly #weight = new Int32Array(BINS);
  readonly #positive = new Int32Array(BINS);
  /** One bit per bin, set if the bin is occupied. */
  readonly #occupied = new Int32Array(BINS / 32);
  /** Occupied bins, ascending. */
  readonly #bins = new Int32Array(BINS);
  /** The features in random order, partially reshuffled for every split. */
  readonly #order: Int32Array;

  /** @param table {@linkcode entropyTable} for at least as many cases as any sample draws. */
  constructor(features: BinnedMatrix, options: TreeOptions, table: Float64Array) {
    this.#features = features;
    this.#options = options;
    this.#table = table;
    this.#order = Int32Array.from({ length: features.columns }, (_, i) => i);
  }

  /** Grows one tree. Reorders the sample. */
  grow(sample: TreeSample, random: FastRandom): Tree {
    const feature: number[] = [];
    const bin: number[] = [];
    const left: number[] = [];
    const positiveShare: number[] = [];
    const add = (weight: number, positive: number) => {
      feature.push(-1);
      bin.push(0);
      left.push(-1);
      positiveShare.push(positive / weight);
      return feature.length - 1;
    };
    // Reset, so that equal seeds give equal trees regardless of the trees grown before.
    for (let i = 0; i < this.#order.length; i++) this.#order[i] = i;
    const total = (values: Int32Array, start: number, end: number) => {
      let sum = 0;
      for (let i = start; i < end; i++) sum += values[i]!;
      return sum;
    };
    const count = sample.cases.length;
    const weight = total(sample.weights, 0, count);
    const positive = total(sample.positives, 0, count);
    const pending: Pending[] = [{ node: add(weight, positive), start: 0, end: count, depth: 0, weight, positive }];
    for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
      const split = this.#findSplit(sample, parent, random);
      if (split === null) continue;
      const middle = this.#partition(sample, parent, split);
      const { node, start, end, depth } = parent;
      const leftWeight = total(sample.weights, start, middle);
      const leftPositive = total(sample.positives, start, middle);
      const rightWeight = parent.weight - leftWeight;
      const rightPositive = parent.positive - leftPositive;
      const first = add(leftWeight, leftPositive);
      const second = add(rightWeight, rightPositive);
      feature[node] = split.feature;
      bin[node] = split.bin;
      left[node] = first;
      const next = depth + 1;
      pending.push({ node: second, start: middle, end, depth: next, weight: rightWeight, positive: rightPositive });
      pending.push({ node: first, start, end: middle, depth: next, weight: leftWeight, positive: leftPositive });
    }
    return {
      feature: Int32Array.from(feature),
      bin: Uint8Array.from(bin),
      left: Int32Array.from(left),
      positiveShare: Float64Array.from(positiveShare),
    };
  }

  /** The split of least entropy among random features; `null` if the node must remain a leaf. */
  #findSplit(sample: TreeSample, parent: Pending, random: FastRandom): Split | null {
    const { start, end, depth, weight, positive } = parent;
    const { maxDepth, minSamplesSplit, featuresPerSplit } = this.#options;
    if (depth >= maxDepth || end - start < minSamplesSplit || positive === 0 || positive === weight) return null;
    let best: Split | null = null;
    let least = Infinity;
    const order = this.#order;
    for (let visited = 0; visited < order.length && (visited < featuresPerSplit || best === null); visited++) {
      const chosen = visited + random.below(order.length - visited);
      const feature = order[chosen]!;
      order[chosen] = order[visited]!;
      order[visited] = feature;
      const used = this.#count(sample, parent, feature);
      const { entropy, bin } = this.#scan(used, parent);
      if (entropy < least) {
        least = entropy;
        best = { feature, bin };
      }
    }
    return best;
  }

  /** Fills the histograms of one feature and lists its occupied bins; returns their number. */
  #count(sample: TreeSample, { start, end }: Pending, feature: number): number {
    const { cases, weights, positives } = sample;
    const histogram = this.#weight;
    const positiveHistogram = this.#positive;
    const bins = this.#features.bins;
    const offset = feature * this.#features.rows;
    const list = this.#bins;
    let used = 0;
    if (end - start >= SMALL_NODE) {
      for (let i = start; i < end; i++) {
        const bin = bins[offset + cases[i]!]!;
        histogram[bin]! += weights[i]!;
        positiveHistogram[bin]! += positives[i]!;
      }
      for (let bin = 0; bin < BINS; bin++) if (histogram[bin] !== 0) list[used++] = bin;
      return used;
    }
    const occupied = this.#occupied;
    for (let i = start; i < end; i++) {
      const bin = bins[offset + cases[i]!]!;
      histogram[bin]! += weights[i]!;
      positiveHistogram[bin]! += positives[i]!;
      occupied[bin >> 5]! |= 1 << (bin & 31);
    }
    for (let word = 0; word < occupied.length; word++) {
      let bits = occupied[word]!;
      occupied[word] = 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        list[used++] = (word << 5) + 31 - Math.clz32(lowest);
        bits ^= lowest;
      }
    }
    return used;
  }

  /** The threshold of least entropy (Infinity for a constant feature). Clears the histograms. */
  #scan(used: number, { weight, positive }: Pending): { entropy: number; bin: number } {
    const table = this.#table;
    const histogram = this.#weight;
    const positiveHistogram = this.#positive;
    let entropy = Infinity;
    let best = -1;
    let leftWeight = 0;
    let leftPositive = 0;
    for (let i = 0; i < used; i++) {
      const bin = this.#bins[i]!;
      leftWeight += histogram[bin]!;
      leftPositive += positiveHistogram[bin]!;
      histogram[bin] = 0;
      positiveHistogram[bin] = 0;
      if (i === used - 1) break;
      const rightWeight = weight - leftWeight;
      const rightPositive = positive - leftPositive;
      const here = table[leftWeight]! - table[leftPositive]! - table[leftWeight - leftPositive]! +
        table[rightWeight]! - table[rightPositive]! - table[rightWeight - rightPositive]!;
      if (here < entropy) {
        entropy = here;
        best = i;
      }
    }
    if (best < 0) return { entropy, bin: -1 };
    // Half-way through the empty bins, like a threshold half-way between the nearest values.
    return { entropy, bin: (this.#bins[best]! + this.#bins[best + 1]! - 1) >> 1 };
  }

  /** Partitions a node's entries into left and right; returns where the right part starts. */
  #partition(sample: TreeSample, { start, end }: Pending, { feature, bin }: Split): number {
    const { cases, weights, positives } = sample;
    const bins = this.#features.bins;
    const offset = feature * this.#features.rows;
    let low = start;
    let high = end - 1;
    while (low <= high) {
      if (bins[offset + cases[low]!]! <= bin) {
        low++;
        continue;
      }
      for (const list of [cases, weights, positives]) {
        const kept = list[low]!;
        list[low] = list[high]!;
        list[high] = kept;
      }
      high--;
    }
    return low;
  }
}

/** Adds the predicted P(positive) of each case to `sums`. */
export function addPredictions(sums: Float64Array, tree: Tree, { bins, rows }: BinnedMatrix): void {
  const { feature, bin, left, positiveShare } = tree;
  for (let i = 0; i < rows; i++) {
    let node = 0;
    for (let j = feature[0]!; j >= 0; j = feature[node]!) {
      node = left[node]! + (bins[j * rows + i]! <= bin[node]! ? 0 : 1);
    }
    sums[i]! += positiveShare[node]!;
  }
}
