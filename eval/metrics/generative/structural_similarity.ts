/**
 * Structural similarity of images (Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error
 * Visibility to Structural Similarity", IEEE Transactions on Image Processing, 2004).
 *
 * @module
 */

/** Side and standard deviation of the Gaussian window, in pixels. */
const WINDOW = 11;
const SIGMA = 1.5;
/** The constants K1 and K2 that stabilise the quotients, for values in [0, 1]. */
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/** Weights of the window along one axis, with sum 1. */
const WEIGHTS = weights();

function weights(): Float64Array {
  const raw = Float64Array.from(
    { length: WINDOW },
    (_, i) => Math.exp(-((i - (WINDOW - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}

/** Averages by the window, at the positions where it lies wholly inside: side x side to (side - 10)^2. */
function smoothed(image: Float64Array, side: number): Float64Array {
  const inner = side - WINDOW + 1;
  const rows = new Float64Array(side * inner);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += WEIGHTS[k]! * image[y * side + x + k]!;
      rows[y * inner + x] = sum;
    }
  }
  const result = new Float64Array(inner * inner);
  for (let y = 0; y < inner; y++) {
    for (let k = 0; k < WINDOW; k++) {
      for (let x = 0; x < inner; x++) result[y * inner + x]! += WEIGHTS[k]! * rows[(y + k) * inner + x]!;
    }
  }
  return result;
}

/**
 * Computes the mean structural similarity of two square images with values in [0, 1]: a Gaussian window of 11 x 11
 * pixels with standard deviation 1.5, K1 = 0.01, K2 = 0.03, population variances, and no padding. Equals scikit-image's
 * `structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1)`.
 *
 * @param options.side Side of the images in pixels.
 * @returns A number in [-1, 1]; 1 only for equal images.
 * @throws RangeError for images smaller than the window, or whose sizes differ.
 */
export function structuralSimilarity(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { side }: { side: number },
): number {
  checkPictures(a, b, side);
  if (side < WINDOW) {
    throw new RangeError(`structural similarity needs images of at least ${WINDOW} pixels a side, not ${side}`);
  }
  const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
  const product = (p: Float64Array, q: Float64Array) => smoothed(p.map((value, i) => value * q[i]!), side);
  const [mx, my] = [smoothed(x, side), smoothed(y, side)];
  const [xx, yy, xy] = [product(x, x), product(y, y), product(x, y)];
  let sum = 0;
  for (let i = 0; i < mx.length; i++) {
    const [m, n] = [mx[i]!, my[i]!];
    const variances = xx[i]! - m * m + yy[i]! - n * n;
    const covariance = xy[i]! - m * n;
    sum += (2 * m * n + C1) * (2 * covariance + C2) / ((m * m + n * n + C1) * (variances + C2));
  }
  return sum / mx.length;
}

/**
 * Computes the mean squared difference of two square images' pixels.
 *
 * @param options.side Side of the images in pixels.
 * @throws RangeError for images whose sizes differ.
 */
export function meanSquaredError(a: ArrayLike<number>, b: ArrayLike<number>, { side }: { side: number }): number {
  checkPictures(a, b, side);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum / a.length;
}

function checkPictures(a: ArrayLike<number>, b: ArrayLike<number>, side: number): void {
  if (a.length !== side * side || b.length !== side * side) {
    throw new RangeError(
      `images of ${side} x ${side} pixels need ${side * side} values each, not ${a.length} and ${b.length}`,
    );
  }
}
