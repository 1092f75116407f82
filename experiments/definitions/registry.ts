/**
 * The list of experiments.
 *
 * @module
 */
import type { Experiment } from "../experiment.ts";
import { labelEfficiency } from "./label_efficiency.ts";
import { labelNoise } from "./label_noise.ts";
import { missingViews } from "./missing_views.ts";
import { otherDatasets } from "./other_datasets.ts";
import { peers } from "./peers.ts";
import { polymnist } from "./polymnist.ts";
import { publishedOrder } from "./published_order.ts";
import { singleView } from "./single_view.ts";
import { softSharing } from "./soft_sharing.ts";
import { table } from "./table.ts";
import { tableExtended } from "./table_extended.ts";
import { tenPercent } from "./ten_percent.ts";
import { viewQuality } from "./view_quality.ts";
import { withText } from "./with_text.ts";

/** All experiments. */
export const EXPERIMENTS: readonly Experiment[] = [
  table,
  tableExtended,
  publishedOrder,
  labelEfficiency,
  tenPercent,
  peers,
  singleView,
  labelNoise,
  softSharing,
  missingViews,
  viewQuality,
  withText,
  otherDatasets,
  polymnist,
];
