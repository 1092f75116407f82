/**
 * The phantoms that experiments train and score on.
 *
 * @module
 */
import type { Base, PhantomVariant, ScaleName } from "../../experiments/mod.ts";
import type { PhantomChoice } from "./phantom_data.ts";

/** Phantoms to train on, and new ones of the same population, drawn with another seed, to score on. */
const PHANTOMS: Readonly<Record<ScaleName, { readonly drawn: PhantomChoice; readonly fresh: PhantomChoice }>> = {
  smoke: { drawn: { studies: 80, seed: 1 }, fresh: { studies: 60, seed: 777 } },
  // With fewer studies, differences between methods are smaller than those between seeds.
  small: { drawn: { studies: 4000, seed: 21 }, fresh: { studies: 4000, seed: 777 } },
  paper: { drawn: { studies: 20_000, seed: 1 }, fresh: { studies: 4000, seed: 777 } },
};

/** The phantoms of a scale in a data set's layout; `undefined` for data sets that phantoms do not stand for. */
export function phantomsOf(
  dataset: Base["dataset"],
  { scale, variant: { times = 1, faintFindings } = {} }: { scale: ScaleName; variant?: PhantomVariant },
): { readonly drawn: PhantomChoice; readonly fresh: PhantomChoice } | undefined {
  const faint = faintFindings === undefined ? {} : { faintFindings };
  const drawn = { ...PHANTOMS[scale].drawn, studies: times * PHANTOMS[scale].drawn.studies, ...faint };
  const fresh = { ...PHANTOMS[scale].fresh, ...faint };
  if (dataset === "phantoms") return { drawn, fresh };
  // The same phantoms, laid out as CheXpert is.
  if (dataset === "chexpert") return { drawn: { ...drawn, layout: dataset }, fresh: { ...fresh, layout: dataset } };
  return undefined;
}

/**
 * The new phantoms to score on, unless the data's own test split is to be scored.
 *
 * @param options.root The folder of the data, if the user named one: that has a test split which was asked for.
 * @param options.values.fresh Number of studies; the scale's by default.
 */
export function freshPhantoms(
  dataset: Base["dataset"],
  { values: { scale, fresh: count }, root, variant = {} }: {
    values: { scale: ScaleName; fresh?: number | undefined };
    root?: string | undefined;
    variant?: PhantomVariant;
  },
): PhantomChoice | undefined {
  const fresh = phantomsOf(dataset, { scale, variant })?.fresh;
  const studies = count ?? (root === undefined ? fresh?.studies : 0);
  return fresh === undefined || !studies ? undefined : { ...fresh, studies };
}
