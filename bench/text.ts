/**
 * How well a run on texts alone models held-out texts: `deno task bench text RUN`. Prints the size of the vocabulary,
 * nats per token beside those of a unigram model, and reconstructions.
 *
 * @module
 */
import { integer, parseArguments } from "../cli/options/options.ts";
import { printable } from "../cli/terminal/errors.ts";
import { openTrainedModel, openTrainedRun, RUN_OPERAND, TRAINED_RUN_OPTIONS } from "../cli/run/open_trained_run.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { formatTable } from "../cli/terminal/table.ts";
import { DataError, pairsOfSplit, type PairTable, type Split, studiesOfPairs } from "../data/mod.ts";
import { likelihoodRun, translateRun } from "../eval/mod.ts";
import { Device } from "../runtime/mod.ts";
import { unigramNats } from "./unigram.ts";

const OPTIONS = {
  ...TRAINED_RUN_OPTIONS,
  count: integer({ min: 1, max: 1_000_000, help: "most test texts to use", default: 400 }),
  draws: integer({ min: 1, max: 100_000, help: "latent samples per text", default: 64 }),
  shown: integer({ min: 0, max: 64, help: "number of reconstructions to print", default: 8 }),
};

async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [run] } = parseArguments({
    name: "bench text",
    summary: "Compares a run on texts alone with a unigram model on held-out texts, and prints reconstructions.",
    options: OPTIONS,
    operands: RUN_OPERAND,
  }, args);
  const trained = await openTrainedRun(run!, values);
  using device = await Device.open();
  using open = await openTrainedModel(device, { ...trained, checkpoint: "last" });
  const { views, texts } = open;
  if (texts === undefined || views.names.length !== 1) {
    throw new DataError("the run has images; a run of --views text is required", { file: trained.directory });
  }
  const { index } = trained.data;
  const rows = (split: Split, count = Infinity) => {
    const pairs: PairTable = pairsOfSplit(index, views.pairs, split);
    return texts.table.rows(studiesOfPairs(pairs).slice(0, count));
  };
  const test = rows("test", values.count);
  const tokens = test.lengths.reduce((sum, length) => sum + length, 0);
  const { count, draws, shown } = values;
  const [estimate] = await likelihoodRun({ open, data: trained.data, split: "test", count, draws });
  if (estimate === undefined || estimate.mean === null) {
    throw new DataError(
      `${estimate?.reason ?? "this run has no likelihood of a text"}; train with --method independent --views text`,
      { file: trained.directory },
    );
  }
  const model = -estimate.mean * estimate.pairs / tokens;
  const unigram = unigramNats(rows("train"), test, texts.vocabulary.size);
  console.log(`vocabulary: ${texts.vocabulary.size} tokens; ${test.lengths.length} test texts of ${tokens} tokens\n`);
  console.log(formatTable(["model", "nats per token", "perplexity"], [
    ["unigram, trained on the training texts", unigram.toFixed(3), Math.exp(unigram).toFixed(1)],
    [`this run, ${draws} draws`, model.toFixed(3), Math.exp(model).toFixed(1)],
  ]));
  if (shown === 0) return;
  for (const { bytes } of await translateRun({ open, data: trained.data, split: "test", count: shown })) {
    console.log(printable(new TextDecoder().decode(bytes)));
  }
}

if (import.meta.main) await runCli(main);
