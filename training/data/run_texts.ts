/**
 * The texts of a run as tokens, and the vocabulary that the run keeps.
 *
 * @module
 */
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { DataError } from "../../base/errors.ts";
import { readRegularText } from "../../base/regular_file.ts";
import { pairsOfSplit, studiesOfPairs, type StudyIndex, TokenTable, Vocabulary } from "../../data/mod.ts";
import type { ModelConfig, RunConfig } from "../run/run_config.ts";
import { DEFAULT_TEXT_LENGTH } from "../run/run_settings.ts";
import { runPaths } from "../run/run_directory.ts";
import type { RunData, RunTexts } from "./run_data.ts";
import { viewsOfRun, wantsText } from "./run_views.ts";

/** At most 65,536 words of at most 64 characters. */
const VOCABULARY = { maxBytes: 2 ** 25, kind: "a vocabulary" };

/** Sizes of a run's text view. */
export function textSizesOf(model: ModelConfig, { vocabulary, table }: RunTexts) {
  return { length: table.length, vocabulary: vocabulary.size, filterDim: model.textFilterDim ?? model.filterDim };
}

/** Options of {@link withTexts}. */
export interface WithTextsOptions {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly directory: string;
  /** Whether to make the vocabulary of the training split's texts, and keep it, where the run has none. */
  readonly create: boolean;
  /** The vocabulary, if it is known: nothing is looked for in the run's folder. */
  readonly vocabulary?: Vocabulary | undefined;
}

/**
 * Adds the tokens of a run's texts to its data, if the run has a text view. The vocabulary is that of the run's
 * `vocabulary.json`.
 *
 * @throws {DataError} if there is no vocabulary and none is to be made, or the file is no vocabulary.
 */
export async function withTexts<Data extends Pick<RunData, "index" | "pairs">>(
  data: Data,
  options: WithTextsOptions,
): Promise<Data & { readonly texts?: RunTexts }> {
  const { config } = options;
  const { texts, studies } = data.index;
  if (!wantsText(config.model) || texts === undefined) return data;
  const vocabulary = options.vocabulary ?? await findVocabulary(data, options);
  const length = config.model.textLength ?? DEFAULT_TEXT_LENGTH;
  return {
    ...data,
    texts: { vocabulary, table: TokenTable.encode(texts, { studies: studies.count, vocabulary, length }) },
  };
}

async function findVocabulary(
  data: Pick<RunData, "index" | "pairs">,
  options: WithTextsOptions,
): Promise<Vocabulary> {
  const { directory, create } = options;
  const kept = await readVocabulary(directory);
  if (kept !== undefined) return kept;
  if (create) return await makeVocabulary(data, options);
  throw new DataError(
    `${directory} has no vocabulary.json, without which its texts cannot be read: train the run first`,
  );
}

async function makeVocabulary(
  data: Pick<RunData, "index" | "pairs">,
  { config, directory }: { config: RunConfig; directory: string },
): Promise<Vocabulary> {
  const { index } = data;
  const train = studiesOfPairs(pairsOfSplit(index, viewsOfRun(config, data).pairs, "train"));
  const vocabulary = Vocabulary.build(textsOf(index, train));
  await Deno.mkdir(directory, { recursive: true });
  await writeFileAtomic(runPaths(directory).vocabulary, `${JSON.stringify(vocabulary)}\n`);
  return vocabulary;
}

function* textsOf({ texts }: StudyIndex, studies: Iterable<number>): Generator<string> {
  for (const study of studies) {
    const text = texts?.get(study);
    if (text !== undefined) yield text;
  }
}

async function readVocabulary(directory: string): Promise<Vocabulary | undefined> {
  const { vocabulary: file } = runPaths(directory);
  let text: string;
  try {
    text = await readRegularText(file, VOCABULARY);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file} is not JSON (${(error as Error).message}): restore it or start a new run`);
  }
  return Vocabulary.parse(value, { file });
}
