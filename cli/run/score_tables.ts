/**
 * The tables that tasks print of an evaluation.
 *
 * @module
 */
import {
  formatAurocTable,
  formatCalibrationTable,
  formatLabelSetTable,
  formatSubgroupTable,
  type PublishedAuroc,
  type Results,
} from "../../eval/mod.ts";

/** Formats the AUROCs, and what else was scored: calibration, subgroups, a second label set. */
export function scoreTables(
  results: Results,
  { published = [] }: { published?: readonly PublishedAuroc[] } = {},
): string {
  return [
    formatAurocTable(results, { published }),
    formatCalibrationTable(results),
    formatSubgroupTable(results),
    formatLabelSetTable(results),
  ].filter((table) => table !== "").join("\n\n");
}
