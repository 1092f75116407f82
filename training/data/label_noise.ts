/**
 * Label noise for the training split.
 *
 * @module
 */
import { isDigits, LABEL_STATES, labelValue, SPLITS, StudyIndex } from "../../data/mod.ts";
import { SeededRandom } from "../../base/random.ts";

/** How many labels to flip. */
export interface LabelNoise {
  /** Share of the training studies whose label is flipped, per label, in [0, 1]. */
  readonly share: number;
  readonly seed: number;
}

/**
 * An index whose training labels are flipped in a share of the studies, drawn independently for each label. Mutually
 * exclusive labels (digits) are replaced by another one, drawn uniformly. Draws with one seed are nested. Validation
 * and test labels are unchanged.
 */
export function withLabelNoise(index: StudyIndex, noise: LabelNoise): StudyIndex {
  const states = index.studies.states.slice();
  const train = Array.from({ length: index.studies.count }, (_, study) => study)
    .filter((study) => SPLITS[index.splitOfStudy(study)] === "train" && index.studies.dropped[study] === 0)
    // Sorted by identifier, so that the draw does not depend on the order of files.
    .sort((a, b) => index.studies.ids[a]! < index.studies.ids[b]! ? -1 : 1);
  if (isDigits(index.dataset)) exchange(states, { index, train, noise });
  else turn(states, { index, train, noise });
  const noisy = new StudyIndex(
    index,
    { subjects: index.subjects, studies: { ...index.studies, states }, images: index.images },
    index.drops,
  );
  noisy.listed = index.listed;
  noisy.filesChecked = index.filesChecked;
  return noisy;
}

interface Change {
  readonly index: StudyIndex;
  readonly train: readonly number[];
  readonly noise: LabelNoise;
}

function turn(states: Uint8Array, { index, train, noise }: Change): void {
  index.labels.forEach((_, label) => {
    const value = (study: number) => labelValue(index.labelState(study, label), index.policies);
    for (const study of drawn(train.filter((study) => value(study) !== null), noise, label)) {
      states[study * index.labels.length + label] = value(study) === 1 ? LABEL_STATES.negative : LABEL_STATES.positive;
    }
  });
}

function exchange(states: Uint8Array, { index, train, noise }: Change): void {
  const labels = index.labels.length;
  for (const study of drawn([...train], noise, 0)) {
    const own = index.labels.findIndex((_, label) => index.labelState(study, label) === LABEL_STATES.positive);
    const step = 1 + new SeededRandom("label-noise-other", noise.seed, index.studies.ids[study]!).below(labels - 1);
    states[study * labels + own] = LABEL_STATES.negative;
    states[study * labels + (own + step) % labels] = LABEL_STATES.positive;
  }
}

/** Draws a share of the studies for a label. */
function drawn(studies: number[], { share, seed }: LabelNoise, label: number): number[] {
  new SeededRandom("label-noise", seed, label).shuffle(studies);
  return studies.slice(0, Math.round(share * studies.length));
}
