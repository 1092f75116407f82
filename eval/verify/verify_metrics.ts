/**
 * Checks the metrics and the logistic regression against a directory of golden values.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { readRegularText } from "../../base/regular_file.ts";
import { brierScore } from "../metrics/calibration.ts";
import { delongVariance } from "../metrics/delong.ts";
import { averagePrecision, f1Score } from "../metrics/precision_recall.ts";
import { auroc, rocCurve } from "../metrics/roc.ts";
import { fitLogisticRegression, sigmoid } from "../probes/logistic_regression.ts";

const GOLDEN = { maxBytes: 2 ** 28, kind: "a file of golden values" };
/** Relative tolerance for metrics, which are exact except for rounding. */
const METRIC_TOLERANCE = 1e-9;
/** Relative tolerance for fitted coefficients, which the reference solver itself determines to about 1e-5. */
const COEFFICIENT_TOLERANCE = 1e-4;
/** The reference stores only the first points of long ROC curves. */
const STORED_ROC_POINTS = 400;

const binaryCase = z.object({
  kind: z.literal("binary"),
  y: z.array(z.union([z.literal(0), z.literal(1)])),
  score: z.array(z.number()),
  auroc: z.number().nullable(),
  average_precision: z.number().optional(),
  "f1_at_0.5": z.number().optional(),
  brier: z.number().optional(),
  auroc_delong_variance: z.number().optional(),
  roc_points: z.array(z.tuple([z.number(), z.number()])).optional(),
});

const regressionCase = z.object({
  kind: z.literal("logistic_regression"),
  C: z.number(),
  X: z.array(z.array(z.number())).min(1),
  y: z.array(z.union([z.literal(0), z.literal(1)])),
  coef: z.array(z.number()),
  intercept: z.number(),
});

const goldenFile = z.array(z.discriminatedUnion("kind", [binaryCase, regressionCase])).min(1);

/** The comparison of one quantity of one case. */
export interface VerifiedQuantity {
  /** Position and kind of the case, for example `3 binary`. */
  readonly case: string;
  /** The compared quantity. */
  readonly quantity: string;
  /** ||got - want|| / ||want||; Infinity if exactly one of them is undefined. */
  readonly relativeError: number;
  /** Largest relative error that passes. */
  readonly tolerance: number;
  /** Whether the error is within the tolerance. */
  readonly pass: boolean;
}

/** ||got - want|| / ||want||, or the absolute error if ||want|| is 0. */
function relativeError(got: ArrayLike<number> | null, want: ArrayLike<number> | null): number {
  if (got === null || want === null) return got === want ? 0 : Infinity;
  if (got.length !== want.length) return Infinity;
  let error = 0;
  let size = 0;
  for (let i = 0; i < want.length; i++) {
    error += (got[i]! - want[i]!) ** 2;
    size += want[i]! ** 2;
  }
  return Math.sqrt(error) / (size === 0 ? 1 : Math.sqrt(size));
}

function compare(
  name: string,
  quantity: string,
  { got, want, tolerance }: { got: ArrayLike<number> | null; want: ArrayLike<number> | null; tolerance: number },
): VerifiedQuantity {
  const error = relativeError(got, want);
  return { case: name, quantity, relativeError: error, tolerance, pass: error <= tolerance };
}

function verifyBinary(name: string, golden: z.infer<typeof binaryCase>): VerifiedQuantity[] {
  const { y, score } = golden;
  const probabilities = score.map(sigmoid);
  const rows: VerifiedQuantity[] = [];
  const check = (quantity: string, got: number | null, want: number | null | undefined) => {
    if (want === undefined) return;
    const list = (value: number | null) => value === null ? null : [value];
    rows.push(compare(name, quantity, { got: list(got), want: list(want), tolerance: METRIC_TOLERANCE }));
  };
  check("auroc", auroc(y, score), golden.auroc);
  check("average_precision", averagePrecision(y, score), golden.average_precision);
  check("f1_at_0.5", f1Score(y, probabilities, { threshold: 0.5 }), golden["f1_at_0.5"]);
  check("brier", brierScore(y, probabilities), golden.brier);
  check("auroc_delong_variance", delongVariance(y, score).variance, golden.auroc_delong_variance);
  if (golden.roc_points !== undefined) {
    const curve = rocCurve(y, score);
    const got = curve &&
      Array.from(curve.thresholds, (_, i) => [curve.falsePositiveRate[i]!, curve.truePositiveRate[i]!])
        .slice(0, STORED_ROC_POINTS).flat();
    rows.push(compare(name, "roc_points", { got, want: golden.roc_points.flat(), tolerance: METRIC_TOLERANCE }));
  }
  return rows;
}

function verifyRegression(name: string, golden: z.infer<typeof regressionCase>): VerifiedQuantity[] {
  const columns = golden.X[0]!.length;
  const features = { values: Float64Array.from(golden.X.flat()), rows: golden.X.length, columns };
  const model = fitLogisticRegression(features, golden.y, { C: golden.C });
  const tolerance = COEFFICIENT_TOLERANCE;
  return [
    compare(name, "coef", { got: model?.coefficients ?? null, want: golden.coef, tolerance }),
    compare(name, "intercept", { got: model === null ? null : [model.intercept], want: [golden.intercept], tolerance }),
  ];
}

/**
 * Recomputes every quantity of `metrics.json` in a directory of golden values and compares them.
 *
 * @param directory A directory with a `metrics.json`.
 * @returns One row per quantity, in the order of the file.
 * @throws Error naming the file if it is missing, is not JSON or lacks expected fields.
 */
export async function verifyMetrics(directory: string): Promise<VerifiedQuantity[]> {
  const path = join(directory, "metrics.json");
  let content: unknown;
  try {
    content = JSON.parse(await readRegularText(path, GOLDEN));
  } catch (error) {
    throw new Error(`golden metrics ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const parsed = goldenFile.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Error(
      `golden metrics ${path} are not in the expected format at ${issue.path.join(".")}: ${issue.message}`,
    );
  }
  return parsed.data.flatMap((golden, i) => {
    const name = `${i} ${golden.kind}`;
    try {
      return golden.kind === "binary" ? verifyBinary(name, golden) : verifyRegression(name, golden);
    } catch (error) {
      throw new Error(`golden metrics ${path}, case ${name}: ${(error as Error).message}`, { cause: error });
    }
  });
}
