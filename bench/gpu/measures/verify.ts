/**
 * Golden values of ops and models on this adapter, as `deno task verify` compares them.
 *
 * @module
 */
import { type VerifiedQuantity, verifyModels, verifyOps } from "../../../eval/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import type { Measure } from "../measurement.ts";

const GOLDEN = "tests/golden";
/** Cases that a dry run compares. */
const FEW = 2;

/** Ends a dry run early. */
class Enough extends Error {}

export const measure: Measure = async ({ dryRun }, report) => {
  using device = await Device.open();
  let compared = 0;
  let failed = 0;
  // The smallest model takes a software adapter several seconds.
  for (const verify of dryRun ? [verifyOps] : [verifyOps, verifyModels]) {
    let cases = 0;
    const onCase = (rows: readonly VerifiedQuantity[]) => {
      compared += rows.length;
      const bad = rows.filter(({ pass }) => !pass);
      failed += bad.length;
      const worst = Math.max(...rows.map(({ relativeError, tolerance }) => relativeError / tolerance));
      report({ case: rows[0]!.case, quantities: rows.length, worstOfTolerance: worst, failed: bad });
      if (dryRun && ++cases >= FEW) throw new Enough();
    };
    try {
      await verify(device, { directory: GOLDEN, precision: "f32", onCase });
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
  }
  report({ compared, failed });
};
