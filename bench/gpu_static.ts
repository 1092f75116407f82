/**
 * What the kernels of a training step compile to for a GPU, and a model of the step's time, without a GPU:
 * `deno task bench gpu-static`. Mesa's compiler for AMD GPUs does the work, on a null device.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { choice, flag, integer, parseArguments, path, text } from "../cli/options/options.ts";
import { UserError } from "../cli/terminal/errors.ts";
import { runCli } from "../cli/terminal/run_cli.ts";
import { makeFolder, writeFileAtomic } from "../base/atomic_file.ts";
import { COMPUTE_TYPES, PRECISIONS } from "../runtime/mod.ts";
import { compileStep } from "./gpu_static/compile_process.ts";
import { choiceLosses, choiceTable } from "./gpu_static/choices.ts";
import { CARDS } from "./gpu_static/cards.ts";
import { excesses, type LimitsFile, type Measured, readLimits, withLimits } from "./gpu_static/ratchet.ts";
import { modelledTimes, summarizeStep } from "./gpu_static/static_summary.ts";
import { kernelTable, modelTable } from "./gpu_static/static_tables.ts";

const LIMITS = "bench/gpu_static/limits.json";

const OPTIONS = {
  work: choice(["paper64", "paper224"], { help: "the papers' network at 64 or 224 pixels", default: "paper224" }),
  batch: integer({ min: 1, help: "batch size", default: 32 }),
  precision: choice(PRECISIONS, { help: "how feature maps are stored", default: "f32" }),
  compute: choice(COMPUTE_TYPES, { help: "what products multiply", default: "f32" }),
  family: text({
    pattern: /^[a-z0-9]+$/,
    allowed: "a name that Mesa knows, such as navi21, gfx1100, vega10",
    help: "AMD GPU to compile for",
    default: "navi21",
  }),
  table: flag({ help: "also print the tables of kernels and of modelled times" }),
  choices: flag({ help: "compile every variant of each matrix product and convolution too, and print the choices" }),
  limits: path({ help: "limits to hold the figures against", default: LIMITS }),
  check: flag({ help: "fail where a figure is worse than its limit (exit code 1; 2 where Mesa is another version)" }),
  updateLimits: flag({ help: "write the figures as new limits" }),
  out: path({ help: "folder of the results", default: "bench/results" }),
};

const CAVEATS = `These are figures of AMD's compiler (RADV, ACO): other vendors' compilers choose other instructions.
The model ignores caches and latencies; it ranks changes, and its milliseconds are estimates.`;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments({
    name: "bench gpu-static",
    summary: "Compiles a training step's kernels for a GPU without one, and models the step's time.",
    options: OPTIONS,
  }, args);
  const { precision, compute, family, batch: batchSize } = values;
  const suffix = compute === "f16" ? "-f16-products" : precision === "f16" ? "-f16" : "";
  const work = `${values.work}-b${batchSize}${suffix}`;
  const imageSize = values.work === "paper64" ? 64 : 224;
  const step = await compileStep({
    request: { imageSize, batchSize, precision, compute, choices: values.choices },
    family,
    work,
  });
  const { mesa, kernels, dispatches } = step;
  const measured = { mesa, family, work, figures: summarizeStep(step), milliseconds: modelledTimes(step) };
  console.log(`${work} for ${family}, Mesa ${step.mesa}: ${step.kernels.length} pipelines\n${CAVEATS}\n`);
  if (values.table) {
    console.log(kernelTable(step));
    for (const card of Object.keys(CARDS)) console.log(`\n${card}\n${modelTable(step, card as keyof typeof CARDS)}`);
  }
  if (values.choices) console.log(`\nchoices, h100\n${choiceTable(step.choices, { ...step, card: "h100" })}`);
  await makeFolder(values.out);
  const file = join(values.out, `gpu-static-${family}-${work}.json`);
  await writeFileAtomic(file, JSON.stringify({ ...measured, kernels, dispatches }) + "\n");
  console.log(`results: ${file}`);
  if (values.updateLimits) {
    const known = existsSync(values.limits) ? await readLimits(values.limits) : undefined;
    await writeFileAtomic(values.limits, JSON.stringify(withLimits(known, measured), null, 2) + "\n");
    console.log(`limits: ${values.limits}`);
  }
  const code = values.check ? report(await readLimits(values.limits), measured) : 0;
  for (const [name, value] of Object.entries(measured.figures)) console.log(`STATIC ${name} ${value}`);
  for (const [card, ms] of Object.entries(measured.milliseconds)) console.log(`MODEL ${work} ${card} ${ms.toFixed(1)}`);
  if (values.choices) {
    for (const { card, total, worst } of choiceLosses(step.choices, step.kernels)) {
      console.log(`CHOICES ${work} ${card} total ${total.toFixed(3)} worst ${worst.toFixed(2)}`);
    }
  }
  return code;
}

/** Prints which limits are exceeded, and returns the exit code. */
function report(limits: LimitsFile, measured: Measured & { mesa: string; family: string; work: string }): number {
  const { work, family } = measured;
  const own = limits.works[work];
  if (limits.family !== family || !own) {
    throw new UserError(
      `the limits hold for ${Object.keys(limits.works).join(" and ")} on ${limits.family}, not for ${work} on ` +
        `${family}: name other --limits`,
    );
  }
  if (limits.mesa !== measured.mesa) {
    console.log(
      `The limits were measured with Mesa ${limits.mesa}; this is ${measured.mesa}, whose compiler makes other code.`,
    );
    return 2;
  }
  const worse = excesses(own, measured);
  for (const { name, value, limit } of worse) console.log(`WORSE ${name} ${value}, limit ${limit}`);
  return worse.length > 0 ? 1 : 0;
}

if (import.meta.main) await runCli(main);
