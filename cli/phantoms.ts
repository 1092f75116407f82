/**
 * `deno task phantoms --out DIR --studies N --seed S`: draws chest X-ray phantoms in the layout of MIMIC-CXR-JPG,
 * MIMIC-CXR (DICOM) or CheXpert.
 *
 * @module
 */
import { PHANTOM_LAYOUTS, writePhantoms } from "../phantoms/mod.ts";
import { UsageError } from "./terminal/errors.ts";
import { choice, integer, number, parseArguments, path } from "./options/options.ts";
import { startProgress } from "./terminal/progress.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "phantoms",
    summary:
      "Draws chest X-ray phantoms, frontal and lateral, in the layout of MIMIC-CXR-JPG, MIMIC-CXR (DICOM) or CheXpert. Equal seeds " +
      "give equal files.",
    options: {
      out: path({ help: "output folder; existing phantoms with the same settings are reused", placeholder: "dir" }),
      studies: integer({ min: 1, max: 1_000_000, help: "number of studies", default: 400 }),
      seed: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, help: "random seed", default: 1 }),
      scale: number({ min: 0.02, max: 1, help: "image scale; 1 is about 2544 x 3056 pixels", default: 0.1 }),
      layout: choice(PHANTOM_LAYOUTS, { help: "layout of files and tables", default: "mimic-cxr" }),
      blankPositions: number({
        min: 0,
        max: 1,
        help: "share of view positions left blank, in MIMIC's layouts",
        default: 0,
      }),
      faintFindings: number({
        min: 0,
        max: 1,
        help: "share of findings that one view, frontal or lateral at random, shows only faintly",
        default: 0,
      }),
      workers: integer({ min: 1, max: 256, help: "number of drawing workers; one per core by default" }),
    },
  }, args);
  const { out, workers, ...settings } = values;
  if (out === undefined) throw new UsageError("--out DIR is required: the folder for the phantoms");
  if (settings.blankPositions > 0 && settings.layout === "chexpert") {
    throw new UsageError("--blank-positions needs a layout of MIMIC; CheXpert's names the view of every image");
  }
  const drawn = await draw(out, { ...settings, ...(workers === undefined ? {} : { workers }) });
  const mebibytes = (drawn.imageBytes / 2 ** 20).toFixed(1);
  console.error(
    `${drawn.patients} patients, ${drawn.studies} studies, ${drawn.images} images, ${mebibytes} MiB` +
      `${drawn.reused ? ", there already" : ""}`,
  );
  console.log(drawn.root);
}

async function draw(out: string, options: Parameters<typeof writePhantoms>[1]) {
  using progress = startProgress("drawing phantoms", { total: options.studies });
  return await writePhantoms(out, { ...options, onProgress: ({ done }) => progress.update(done) });
}

if (import.meta.main) await runCli(main);
