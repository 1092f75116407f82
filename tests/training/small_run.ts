/**
 * A few dozen MNIST pairs, and runs on them that take seconds.
 *
 * @module
 */
import { openDataset, pairStudies, type PairTable, preparePixels, StudyTexts } from "../../data/mod.ts";
import type { RunConfig, RunData } from "../../training/mod.ts";

/** Prepares the pairs in a folder. */
export async function smallRunData(cacheDir: string): Promise<RunData> {
  const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train: 96, validate: 40, test: 60 } } });
  const pixels = await preparePixels(index, { cacheDir, imageSize: 28 });
  return { index, pixels, pairs: pairStudies(index), prepareSeconds: 0 };
}

/** The same data, except that every third pair lacks the first view and every fifth of the rest the second. */
export function withMissingViews(data: RunData): RunData {
  const images = data.pairs.images.map((image, i) => {
    const [pair, view] = [Math.floor(i / 2), i % 2];
    return (view === 0 ? pair % 3 === 0 : pair % 3 !== 0 && pair % 5 === 0) ? -1 : image;
  });
  return { ...data, pairs: { ...data.pairs, images } satisfies PairTable };
}

/** Gives every study but each fourth a text. */
export function withReports(data: RunData): RunData {
  const { count } = data.index.studies;
  const texts = new StudyTexts(count);
  for (let study = 0; study < count; study++) {
    if (study % 4 !== 3) texts.add(study, { findings: study % 2 ? "no pleural effusion." : "the heart is large." });
  }
  const index = Object.create(data.index, { texts: { value: texts } }) as RunData["index"];
  return { ...data, index };
}

/** A run of two epochs. */
export function smallRunConfig(
  method: string,
  options: { model?: Partial<RunConfig["model"]>; training?: Partial<RunConfig["training"]>; missing?: boolean } = {},
): RunConfig {
  return {
    schema: "mmvm-run",
    version: 1,
    name: `${method}-small`,
    data: {
      dataset: "mnist-pairs",
      labels: "chexpert",
      uncertain: "zeros",
      blank: "zeros",
      pairs: options.missing ? "all-combinations-missing" : "all-combinations",
      splitSeed: 0,
      strict: false,
    },
    model: {
      method,
      network: "small",
      imageSize: 28,
      filterDim: 2,
      latentDim: 3,
      dropout: 0,
      likelihood: { name: "laplace", scale: 0.75 },
      ...options.model,
    },
    training: {
      seed: 1,
      batchSize: 16,
      epochs: 2,
      learningRate: 1e-3,
      beta: 0.25,
      alphaSteps: 6,
      ...options.training,
    },
  };
}
