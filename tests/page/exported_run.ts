/**
 * A small run on phantoms with reports, exported as a page: made by the tasks, as a user makes it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readResults } from "../../eval/results/results_file.ts";
import type { Results } from "../../eval/results/results.ts";
import { decodeSafetensors, toFloat32 } from "../../runtime/mod.ts";
import { runProcess, taskCommand } from "../process.ts";

/** The run and what the tasks wrote of it. */
export interface ExportedRun {
  /** Folder of the phantoms. */
  readonly data: string;
  /** Text of the page, with neighbours. */
  readonly page: string;
  /** Text of the report with float16 weights. */
  readonly into: string;
  /** What `export` printed of the float16 weights. */
  readonly printed: string;
  readonly results: Results;
  /** Rows of `ids.csv`: pair, split, subject, study, frontal image, lateral image, text. */
  readonly rows: readonly (readonly string[])[];
  /** The latents of `encode` by name, row-major. */
  readonly latents: ReadonlyMap<string, Float32Array>;
}

const MODEL =
  "--network small --image-size 32 --filter-dim 2 --latent-dim 4 --batch-size 16 --epochs 2 --text-length 32";

/** Trains, encodes and exports in a folder. */
export async function exportSmallRun(folder: string): Promise<ExportedRun> {
  const run = async (task: string, ...args: string[]) => {
    const { code, stdout, stderr } = await runProcess([...taskCommand(task), ...args], { cwd: folder });
    assert.equal(code, 0, `${task}: ${stderr}`);
    return stdout;
  };
  const data = join(folder, "phantoms");
  await run("phantoms", "--out", data, "--studies", "40", "--seed", "3", "--scale", "0.05");
  await run("train", "--data", data, "--views", "frontal,lateral,text", ...MODEL.split(" "), "--run", "small");
  await run("encode", "small");
  await run("export", "small", "--out", "page.html", "--neighbours");
  const printed = await run("export", "small", "--into", "report.html", "--half");
  const file = decodeSafetensors(await Deno.readFile(join(folder, "runs/small/latents/latents.safetensors")));
  const ids = await Deno.readTextFile(join(folder, "runs/small/latents/ids.csv"));
  return {
    data,
    page: await Deno.readTextFile(join(folder, "page.html")),
    into: await Deno.readTextFile(join(folder, "report.html")),
    printed,
    results: await readResults(join(folder, "runs/small/results.json")),
    rows: ids.trim().split("\n").slice(1).map((line) => line.split(",")),
    latents: new Map([...file.tensors].map(([name, tensor]) => [name, toFloat32(tensor)])),
  };
}
