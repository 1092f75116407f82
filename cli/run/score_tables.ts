/**
 * The tables that tasks print of an evaluation.
 *
 * @module
 */
import {
  formatAurocTable,
  formatCalibrationTable,
  formatSubgroupTable,
  type PublishedAuroc,
  type Results,
} from "../../eval/mod.ts";

/** Formats the AUROCs, the calibration, and the scores of subgroups if there are any. */
export function scoreTables(
  results: Results,
  { published = [] }: { published?: readonly PublishedAuroc[] } = {},
): string {
  const tables = [
    formatAurocTable(results, { published }),
    formatCalibrationTable(results),
    formatSubgroupTable(results),
  ];
  return tables.filter((table) => table !== "").join("\n\n");
}
