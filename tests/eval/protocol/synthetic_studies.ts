/**
 * Synthetic studies for tests of the protocol, with latents of two views whose first dimension is informative of the
 * labels.
 *
 * @module
 */
import type { StudyTable, ViewLatents } from "../../../eval/protocol/study_table.ts";
import { FastRandom } from "../../../base/random.ts";

export const SPLIT = { train: 0, validate: 1, test: 2 };

function normal(random: FastRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

/**
 * 120 patients with 1 to 3 studies of 1 to 3 pairs each, in splits of 80, 20 and 20 patients. Labels: `clear` and
 * `faint` depend on a factor visible in both views, `never` has no positives, `absent` has positives in training only,
 * and `unsure` is `clear` with every third study ignored.
 */
export function syntheticStudies({ seed = 1, dimension = 4 }: { seed?: number; dimension?: number } = {}) {
  const random = new FastRandom(seed);
  const studyIds: string[] = [];
  const subjectIds: string[] = [];
  const splits: number[] = [];
  const factors: number[] = [];
  const pairStudies: number[] = [];
  for (let patient = 0; patient < 120; patient++) {
    const split = patient < 80 ? SPLIT.train : patient < 100 ? SPLIT.validate : SPLIT.test;
    for (let n = random.below(3); n >= 0; n--) {
      const study = studyIds.length;
      studyIds.push(`s${study}`);
      subjectIds.push(`p${patient}`);
      splits.push(split);
      factors.push(normal(random));
      for (let pair = random.below(3); pair >= 0; pair--) pairStudies.push(study);
    }
  }
  const count = studyIds.length;
  const target = (of: (study: number) => number) => Int8Array.from({ length: count }, (_, study) => of(study));
  const clear = target((study) => factors[study]! > 0.3 ? 1 : 0);
  const faintNoise = factors.map(() => normal(random));
  const targets = [
    clear,
    target((study) => factors[study]! + 1.5 * faintNoise[study]! > 1 ? 1 : 0),
    target(() => 0),
    target((study) => splits[study] === SPLIT.train && study % 5 === 0 ? 1 : 0),
    target((study) => study % 3 === 0 ? -1 : clear[study]!),
  ];
  const latents = (view: string, noise: number): ViewLatents => ({
    view,
    dimension,
    study: Int32Array.from(pairStudies),
    values: Float32Array.from(
      { length: pairStudies.length * dimension },
      (_, i) =>
        i % dimension === 0
          ? factors[Math.floor(pairStudies[Math.floor(i / dimension)]!)]! + noise * normal(random)
          : normal(random),
    ),
  });
  const patients = [...new Set(subjectIds.filter((_, study) => splits[study] === SPLIT.train))];
  const table: StudyTable = {
    studyIds,
    subjectIds,
    viewPositions: studyIds.map((_, study) => study % 2 === 0 ? "AP" : "PA"),
    splits: Int8Array.from(splits),
    labels: ["clear", "faint", "never", "absent", "unsure"],
    targets,
    labelledStudies: ({ fraction, seed }) => {
      const order = new FastRandom(seed, 99).shuffle([...patients]);
      const chosen = new Set(order.slice(0, Math.ceil(fraction * patients.length)));
      return studyIds.keys().filter((study) => chosen.has(subjectIds[study]!));
    },
  };
  return { table, views: [latents("frontal", 0.3), latents("lateral", 1)] };
}
