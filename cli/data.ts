/**
 * `deno task data DIR`: describes a data set by its cohort table, splits and label counts.
 *
 * @module
 */
import {
  checkImages,
  cohortTable,
  type DataSummary,
  dropEntries,
  type GroupSummary,
  isDigits,
  openDataset,
  pairStudies,
  type SecondLabelSummary,
  summarizeIndex,
  TEXT_ORIGINS,
  type TextDescription,
} from "../data/mod.ts";
import { DATA_OPTIONS, datasetOptions } from "./options/run_options.ts";
import { printable, UsageError } from "./terminal/errors.ts";
import { flag, integer, parseArguments } from "./options/options.ts";
import { userPath } from "./terminal/paths.ts";
import { startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";
import { formatTable } from "./terminal/table.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values, operands: [directory] } = parseArguments({
    name: "data",
    summary: "Describes a data set: cohort selection, splits, label counts and lengths of reports.",
    options: {
      ...DATA_OPTIONS,
      json: flag({ help: "print JSON" }),
      checkImages: flag({ help: "decode every image" }),
      workers: integer({ min: 1, max: 256, help: "number of decoding workers; one per core by default" }),
      imageMemory: integer({ min: 16, help: "memory for decoding in MiB; a quarter of the machine's by default" }),
    },
    operands: { name: "DIR", help: "data directory (none for mnist-pairs and polymnist)", min: 0, max: 1 },
  }, args);
  if (directory === undefined && !isDigits(values.dataset)) {
    throw new UsageError("deno task data takes a data directory; only --dataset mnist-pairs and polymnist need none");
  }
  const root = directory === undefined ? undefined : userPath(directory);
  const index = await openDataset({ ...datasetOptions(values, root), texts: true });
  if (values.checkImages) {
    using progress = startProgress("decoding", { total: index.images.count });
    const workers = values.workers === undefined ? {} : { workers: values.workers };
    const memory = values.imageMemory === undefined ? {} : { imageMemory: values.imageMemory * 2 ** 20 };
    await checkImages(index, { ...workers, ...memory, onProgress: ({ done }) => progress.update(done) });
  }
  if (!index.source.hasImages) {
    console.error("note: there are no image files here, so images are counted from the tables");
  }
  const pairs = pairStudies(index);
  const summary = summarizeIndex(index, pairs);
  if (values.json) {
    console.log(JSON.stringify(summary, null, 2));
    return;
  }
  console.log(`${index.dataset}: ${index.root}\n`);
  console.log(formatCohort(cohortTable(index, pairs)));
  console.log(formatSplits(summary));
  console.log(formatLabels("label (by study)", summary.labels));
  if (summary.testLabels !== undefined) console.log(formatSecond(summary.testLabels));
  if (summary.demographics !== undefined) console.log(formatGroups(summary.demographics));
  if (summary.texts !== undefined) console.log(formatTexts(summary.texts));
  for (const { reason, count, examples } of dropEntries(index, pairs)) {
    console.log(printable(`${reason}: ${count}, for example ${examples.join("; ")}`));
  }
}

function formatCohort(cohort: ReturnType<typeof cohortTable>): string {
  return formatTable(
    ["step", "images", "studies", "patients", "left out"],
    cohort.map(({ step, images, studies, subjects, reason }) => [step, images, studies, subjects, reason]),
  );
}

function formatSplits(summary: DataSummary): string {
  return formatTable(
    ["split", "patients", "studies", "pairs"],
    Object.entries(summary.splits).map(([split, counts]) => [split, counts.subjects, counts.studies, counts.pairs]),
  );
}

function formatLabels(heading: string, labels: DataSummary["labels"]): string {
  return formatTable(
    [heading, "positive", "negative", "uncertain", "blank"],
    Object.entries(labels).map(([label, counts]) => [
      label,
      counts.positive,
      counts.negative,
      counts.uncertain,
      counts.blank,
    ]),
  );
}

function formatSecond({ source, studies, labels }: SecondLabelSummary): string {
  return `second labels: ${printable(source)}, of ${studies} test studies\n${
    formatLabels("label (by test study)", labels)
  }`;
}

function formatGroups({ source, groups }: GroupSummary): string {
  const rows = Object.entries(groups).flatMap(([attribute, counts]) =>
    Object.entries(counts).filter(([, count]) => count > 0).map(([group, count]) => [attribute, group, count])
  );
  return `groups: ${printable(source)}\n${formatTable(["", "group", "studies"], rows)}`;
}

function formatTexts({ section, listed, counts, lengths }: TextDescription): string {
  return [
    `texts: ${section}`,
    formatTable(
      ["", "studies", ...TEXT_ORIGINS, "no report", "no such section", "several reports", "addenda"],
      [["listed", listed] as const, ["in pairs", counts] as const].map(([name, found]) => [
        name,
        found.studies,
        ...TEXT_ORIGINS.map((origin) => found.origins[origin]),
        found.noReport,
        found.noSection,
        found.severalReports,
        found.addenda,
      ]),
    ),
    formatTable(
      ["words a text", "texts", "least", "median", "mean", "95 %", "most"],
      lengths.filter(({ texts }) => texts > 0).map(({ split, texts, min, median, mean, p95, max }) => [
        split,
        texts,
        ...[min, median, Number(mean?.toFixed(1)), p95, max].map((value) => value ?? ""),
      ]),
    ),
  ].join("\n");
}

if (import.meta.main) await runCli(main);
