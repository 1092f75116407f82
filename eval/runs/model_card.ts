/**
 * The model card of a run: a `README.md` with the front matter that the Hugging Face Hub reads.
 *
 * Cards are made to be published with the weights. They hold settings, counts and scores, and no path, command line,
 * host or identifier of a study or patient.
 *
 * @see https://huggingface.co/docs/hub/model-cards
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import { writeFileAtomic } from "../../base/atomic_file.ts";
import { alignmentOf, methodKind, methodOf, methodTitle, privateDimOf } from "../../models/mod.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import { runPaths } from "../../training/run/run_directory.ts";
import { isSupervised } from "../../training/run_trainer.ts";
import { TEXT_CAUTION } from "../results/tables.ts";
import type { DataRecord } from "../results/data_record.ts";
import type { Evaluation, Interval, Results } from "../results/results.ts";

/** Writes a run's card into its folder, over one that is there. */
export async function writeModelCard(
  directory: string,
  run: { config: RunConfig; results: readonly Results[] },
): Promise<void> {
  await writeFileAtomic(runPaths(directory).card, modelCard(run));
}

/**
 * Formats a run's card.
 *
 * @param run.results Measurements of the run, at least one; evaluations of other runs in them, such as the untrained
 * encoders, are listed as baselines.
 */
export function modelCard({ config, results }: { config: RunConfig; results: readonly Results[] }): string {
  const { data, runs } = results[0]!;
  const evaluations = results.flatMap(({ evaluations }) => evaluations);
  const own = evaluations.filter(({ run }) => run === config.name);
  return [
    frontMatter(config, { data, evaluations: own }),
    `# ${plain(config.name)}`,
    introduction(config, data),
    "## Results",
    ...resultSections(config, { data, evaluations, own }),
    "## Intended use",
    INTENDED_USE,
    ...(data.synthetic ? [] : [PATIENT_DATA]),
    "## Method",
    methodSection(config, runs[0]!.parameters),
    "## Data",
    ...dataSections(config, data),
    "## Settings",
    settingsTable({ ...flat("model", config.model), ...flat("training", config.training) }),
    "## Use",
    useSection(config),
  ].join("\n\n") + "\n";
}

const INTENDED_USE =
  "For research on representation learning from paired images. **Not for clinical use:** the model is no medical " +
  "device, and must not inform the diagnosis or treatment of anyone. Its scores hold for the test split and the " +
  "labels described below; they say nothing about other hospitals, devices or populations.";

const PATIENT_DATA =
  "The weights were learned from patients' images and can contain information about them: share them only as the " +
  "terms of the data set allow.";

function introduction(config: RunConfig, { dataset, views, imageSize }: DataRecord): string {
  const kind = {
    classifier: "A supervised classifier",
    vae: "A multimodal variational autoencoder",
    alignment: "Encoders with aligned embeddings",
  }[methodKind(config.model.method)];
  const used = config.model.views ?? views;
  return `${kind}, trained with mmvm on ${dataset} (views: ${used.map(plain).join(", ")}; images of ${imageSize} x ` +
    `${imageSize} pixels).`;
}

/** A string in double quotes as in JSON, which is YAML, too. */
function quoted(value: string): string {
  return JSON.stringify(value);
}

/** Metadata; the license is not ours to choose. */
function frontMatter(config: RunConfig, of: { data: DataRecord; evaluations: readonly Evaluation[] }): string {
  const { data } = of;
  const classifier = isSupervised(config);
  const scored = of.evaluations.filter(({ macro }) => macro.auroc.value !== null);
  const tags = [
    ...(classifier ? ["image-classification"] : [
      ...(methodKind(config.model.method) === "vae" ? ["variational-autoencoder"] : ["self-supervised-learning"]),
      "multimodal",
      "representation-learning",
    ]),
    ...(isDigits(data.dataset) ? [] : ["chest-x-ray"]),
    "webgpu",
  ];
  return [
    "---",
    "# license: to be chosen by the owner of the weights, within the terms of the data set",
    "library_name: mmvm",
    `pipeline_tag: ${classifier ? "image-classification" : "feature-extraction"}`,
    "tags:",
    ...tags.map((tag) => `  - ${tag}`),
    "datasets:",
    `  - ${data.dataset}`,
    ...(scored.length === 0 ? [] : ["metrics:", "  - roc_auc", ...modelIndex(config, { data, scored })]),
    "---",
  ].join("\n");
}

function modelIndex(config: RunConfig, of: { data: DataRecord; scored: readonly Evaluation[] }): string[] {
  return [
    "model-index:",
    `  - name: ${quoted(config.name)}`,
    "    results:",
    "      - task:",
    "          type: image-classification",
    `          name: ${isSupervised(config) ? "Classification" : "Classification by probes on latents"}`,
    "        dataset:",
    `          type: ${of.data.dataset}`,
    `          name: ${of.data.dataset}`,
    "          split: test",
    "        metrics:",
    ...of.scored.flatMap((evaluation) => [
      "          - type: roc_auc",
      `            value: ${evaluation.macro.auroc.value}`,
      `            name: ${quoted(`macro AUROC, ${describe(evaluation)}`)}`,
    ]),
  ];
}

/** What distinguishes an evaluation from the others of a run. */
function describe({ view, probe, labelledFraction, probeSeed }: Evaluation): string {
  const share = Number((labelledFraction * 100).toPrecision(6));
  return `${view}, ${probe.replace("-", " ")}, ${share}% of the labels, seed ${probeSeed}`;
}

/** What the evaluations of other records measure. */
const FLOOR_NAMES: Readonly<Record<string, string>> = {
  "view-position": "view position alone",
  "pixel-pca": "principal components of the pixels",
  "shuffled-labels": "shuffled labels",
  untrained: "untrained encoders",
};

function resultSections(
  config: RunConfig,
  of: { data: DataRecord; evaluations: readonly Evaluation[]; own: readonly Evaluation[] },
): string[] {
  const { evaluations, own, data } = of;
  if (own.length === 0) return ["The run was not evaluated."];
  const macro = table([
    ["run", "evaluation", "labels", "macro AUROC [95% interval]"],
    ...evaluations.map((each) => [
      each.run === config.name ? "this" : FLOOR_NAMES[each.method] ?? each.method,
      describe(each),
      `${each.macro.labels.length} of ${data.labels.length}`,
      interval(each.macro.auroc),
    ]),
  ]);
  const shown = firstOfEachView(own);
  const labels = table([
    ["AUROC", ...shown.map(({ view }) => view)],
    ...data.labels.map((label, i) => [label, ...shown.map(({ metrics }) => interval(metrics[i]!.auroc))]),
  ]);
  const caution = data.textView && shown.some(({ view }) => view === data.textView!.view)
    ? [`Of ${plain(data.textView.view)}: ${TEXT_CAUTION}.`]
    : [];
  const { labelledFraction, probeSeed } = shown[0]!;
  return [
    "On the test split, by study; the intervals are of a bootstrap over patients. The macro average leaves out " +
    "labels that have one class only.",
    macro,
    `By label, with ${Number((labelledFraction * 100).toPrecision(6))}% of the labels, seed ${probeSeed}:`,
    labels,
    ...caution,
  ];
}

/** Of each view, its evaluation with the probe, share of labels and seed that the one with most labels has. */
function firstOfEachView(evaluations: readonly Evaluation[]): Evaluation[] {
  const first = evaluations.reduce((a, b) => b.labelledFraction > a.labelledFraction ? b : a);
  const same = evaluations.filter(({ probe, labelledFraction, probeSeed }) =>
    probe === first.probe && labelledFraction === first.labelledFraction && probeSeed === first.probeSeed
  );
  return [...new Map([...same].reverse().map((each) => [each.view, each])).values()].reverse();
}

function interval({ value, low, high }: Interval): string {
  if (value === null) return "n/a";
  const range = low === null || high === null ? "" : ` [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  return value.toFixed(3) + range;
}

function methodSection(config: RunConfig, parameters: number): string {
  const { network, method: name, latentDim } = config.model;
  const kind = methodKind(name);
  const title = methodTitle(name);
  const method = kind === "vae" ? methodOf(name) : undefined;
  const privateDim = method ? privateDimOf(method, config.model) : 0;
  const privates = privateDim > 0
    ? ` The last ${privateDim} of the ${latentDim} latent dimensions are private to their view.`
    : "";
  const paper = kind === "alignment" ? alignmentOf(name).paper : method?.paper;
  const papers = paper
    ? `The method is that of [${plain(paper.title)}](${paper.url}), in the setting of [Unity by ` +
      "Diversity](https://arxiv.org/abs/2403.05300)."
    : "The methods are those of [Unity by Diversity](https://arxiv.org/abs/2403.05300) and [Weakly-Supervised " +
      "Multimodal Learning on MIMIC-CXR](https://arxiv.org/abs/2411.10356).";
  return `${title}. Network \`${code(network)}\`, ${
    parameters.toLocaleString("en-US")
  } trained parameters.${privates} ${papers}`;
}

function dataSections(config: RunConfig, data: DataRecord): string[] {
  const policies = {
    // The description of a user's own table is free text and stays out.
    "label source": data.dataset === "csv" ? "csv" : data.labelSource,
    "uncertain labels": data.uncertainPolicy,
    "blank labels": data.blankPolicy,
    split: data.splitPolicy,
    pairs: data.pairPolicy,
    ...(config.data.absent ? { "views removed": `${config.data.absent.view}, ${config.data.absent.share}` } : {}),
    ...(config.data.labelNoise ? { "labels flipped": `${config.data.labelNoise.share}` } : {}),
  };
  const splits = table([
    ["split", "patients", "studies", "pairs"],
    ...data.splits.map(({ split, subjects, studies, pairs }) => [split, `${subjects}`, `${studies}`, `${pairs}`]),
  ]);
  const origin = data.synthetic ? ["No image shows a patient: the data are synthetic or digits."] : [];
  return [...origin, ...(data.splits.length > 0 ? [splits] : []), settingsTable(policies)];
}

/** Fields by dotted name; nested ones as JSON. */
function flat(section: string, fields: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      `${section}.${name}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

function settingsTable(settings: Readonly<Record<string, string>>): string {
  return table([["setting", "value"], ...Object.entries(settings)]);
}

function useSection(config: RunConfig): string {
  const name = code(config.name);
  const task = isSupervised(config) ? `deno task evaluate ${name}` : `deno task encode ${name} --data DIR`;
  return `\`config.json\` and \`checkpoints/\` are the model. With this folder in \`runs/\` of mmvm, \`${task}\` ` +
    "applies it. The checkpoint is a safetensors file with the parameters by PyTorch's names and in its layouts. " +
    "`config.json` also names the folder of the training data.";
}

/** A Markdown table; the first row is its header. */
function table([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
  return [line(head!), line(head!.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text without effect in Markdown and HTML, in one line. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>|&#]/g, (mark) => `\\${mark}`);
}

/** Text within backticks. */
function code(text: string): string {
  return text.replace(/[`\s]+/g, " ");
}
