/**
 * Clusters of the test studies' latents.
 *
 * @module
 */
import { adjustedRandIndex, normalizedMutualInformation } from "../metrics/generative/cluster_agreement.ts";
import { kMeans } from "../metrics/generative/k_means.ts";
import { silhouette } from "../metrics/generative/silhouette.ts";
import { meanRowsByStudy } from "../protocol/aggregate.ts";
import { studiesWithLatents, type StudyTable, type ViewLatents } from "../protocol/study_table.ts";
import type { ClusterRecord } from "../results/generative_record.ts";

/** Most studies: silhouettes take time in proportion to their square. */
const MOST_STUDIES = 2000;
/** Numbers of clusters that are tried without classes. */
const CLUSTERS = [2, 3, 4, 5, 6, 7, 8];

/**
 * Clusters the mean latents of the test studies by k-means. Mutually exclusive labels give the number of clusters and
 * the classes to compare them with; otherwise it is the number with the highest silhouette coefficient.
 *
 * @returns One record a view; none for a view with fewer than two test studies.
 */
export function clusterLatents(
  views: readonly ViewLatents[],
  { table, exclusive, seed }: { table: StudyTable; exclusive: boolean; seed: number },
): ClusterRecord[] {
  return views.flatMap((latents) => {
    const studies = studiesWithLatents(table, latents, "test").slice(0, MOST_STUDIES);
    if (studies.length < 2) return [];
    const features = { values: latents.values, rows: latents.study.length, columns: latents.dimension };
    const points = meanRowsByStudy(features, { rowStudies: latents.study, studies });
    const classes = Array.from(studies, (study) => table.targets.findIndex((target) => target[study] === 1));
    const numbers = exclusive ? [new Set(classes).size] : CLUSTERS;
    const tried = numbers.filter((clusters) => clusters <= studies.length).map((clusters) => {
      const { assignment } = kMeans(points, { clusters, seed });
      return { clusters, assignment, silhouette: silhouette(points, assignment) };
    });
    const best = tried.reduce((a, b) => (b.silhouette ?? -1) > (a.silhouette ?? -1) ? b : a);
    return [{
      view: latents.view,
      studies: studies.length,
      clusters: best.clusters,
      ari: exclusive ? adjustedRandIndex(classes, best.assignment) : null,
      nmi: exclusive ? normalizedMutualInformation(classes, best.assignment) : null,
      silhouette: best.silhouette,
    }];
  });
}
