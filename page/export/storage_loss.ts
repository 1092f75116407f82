/**
 * What shortening a model's weights costs.
 *
 * @module
 */
import { auroc } from "../../eval/metrics/roc.ts";
import type { StudyTable, ViewLatents } from "../../eval/protocol/study_table.ts";
import { splitCode } from "../../eval/protocol/study_table.ts";
import type { ViewProbes } from "../stored/page_model.ts";
import { scoreStudies } from "./fit_probes.ts";

/** What shortening the weights changes in the latents and scores of a view's test studies. */
export interface StorageLoss {
  /** Name of the view. */
  readonly view: string;
  /** Macro AUROC with the run's weights; `null` if no label has both classes. */
  readonly before: number | null;
  /** Macro AUROC with the stored weights. */
  readonly after: number | null;
  /** Largest change of a study's probability. */
  readonly largestChange: number;
  /** Largest change of a number of a latent. */
  readonly largestLatentChange: number;
}

/**
 * Compares the scores and the latents of the test studies.
 *
 * @param options.before Latents of all studies by the run's own weights.
 * @param options.after Latents of the test studies by the stored ones.
 */
export function storageLoss(
  probes: ViewProbes,
  { table, before, after }: { table: StudyTable; before: ViewLatents; after: ViewLatents },
): StorageLoss {
  const [own, stored] = [before, after].map((latents) => scoreStudies(probes, latents, { table, split: "test" }));
  const macro = ({ scores, labels }: ReturnType<typeof scoreStudies>) => {
    const each = scores.flatMap((values, i) => (values && auroc(labels[i]!, values)) ?? []);
    return each.length > 0 ? each.reduce((sum, value) => sum + value, 0) / each.length : null;
  };
  const changes = own!.scores.flatMap((values, i) =>
    values ? Array.from(values, (value, k) => Math.abs(value - stored!.scores[i]![k]!)) : []
  );
  return {
    view: probes.view,
    before: macro(own!),
    after: macro(stored!),
    largestChange: changes.reduce((a, b) => Math.max(a, b), 0),
    largestLatentChange: largestDifference(testRows(before, table), testRows(after, table)),
  };
}

/** The rows of the test studies. */
function testRows({ values, dimension, study }: ViewLatents, table: StudyTable): Float32Array[] {
  const test = splitCode("test");
  return Array.from(study, (number, row) => [number, row] as const)
    .filter(([number]) => table.splits[number] === test)
    .map(([, row]) => values.subarray(row * dimension, (row + 1) * dimension));
}

function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let largest = 0;
  a.forEach((row, i) => row.forEach((value, j) => largest = Math.max(largest, Math.abs(value - b[i]![j]!))));
  return largest;
}
