/**
 * Images a second of `deno task prepare` on full-size radiographs (2544 x 3056, quality 95), with one and two workers, against Python's PIL
 * doing the same in one and two processes, and whether the pixels are PIL's.
 *
 *     deno run --allow-read --allow-write --allow-env --allow-run --allow-sys bench/prepare.ts DIR [IMAGE_SIZE]
 *
 * DIR is a data set in MIMIC-CXR-JPG's layout, for example of `deno task phantoms --full-size`. PYTHON names a Python with PIL.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imagesOfPairs, openDataset, preparePixels, type StudyIndex } from "../data/mod.ts";

const WORKERS = [1, 2];

async function main(): Promise<void> {
  const root = Deno.args[0];
  if (root === undefined) throw new Error("A data directory is required.");
  const imageSize = Number(Deno.args[1] ?? 224);
  const index = await openDataset({ root });
  const images = imagesOfPairs(index);
  console.log(`${images.length} images, mean file ${meanKibibytes(index, images).toFixed(0)} KiB, to ${imageSize} px`);
  const python: number[] = [];
  for (const workers of WORKERS) {
    const own = images.length / await timeOwn(index, { imageSize, workers });
    const pil = images.length / await timePil(paths(index, images), { imageSize, processes: workers });
    python.push(pil);
    console.log(
      `${workers} at a time: ${own.toFixed(1)} images/s, PIL ${pil.toFixed(1)} images/s, ratio ${
        (own / pil).toFixed(2)
      }, ` +
        `against one PIL process ${(own / python[0]!).toFixed(2)}`,
    );
  }
}

async function timeOwn(index: StudyIndex, options: { imageSize: number; workers: number }): Promise<number> {
  const cacheDir = await Deno.makeTempDir({ prefix: "mmvm-prepare-" });
  try {
    // Without the workers' start, which is a tenth of a second a run and not a part of any image. Once around to fill the page cache.
    let first = 0;
    let last = 0;
    let done = 0;
    await preparePixels(index, {
      ...options,
      cacheDir,
      onProgress: (progress) => {
        if (progress.done === options.workers) first = performance.now();
        last = performance.now();
        done = progress.done;
      },
    });
    return (last - first) / 1000 * done / (done - options.workers);
  } finally {
    await Deno.remove(cacheDir, { recursive: true });
  }
}

async function timePil(files: readonly string[], options: { imageSize: number; processes: number }): Promise<number> {
  const script = fileURLToPath(new URL("./prepare_pil.py", import.meta.url));
  const child = new Deno.Command(Deno.env.get("PYTHON") ?? "/usr/bin/python3", {
    args: [script, String(options.imageSize), String(options.processes)],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(files.map((file) => `${file}\n`).join("")));
  await writer.close();
  const { code, stdout } = await child.output();
  if (code !== 0) throw new Error("PIL is required: apt-get install python3-pil");
  return Number(new TextDecoder().decode(stdout));
}

function paths(index: StudyIndex, images: Int32Array): string[] {
  return [...images].map((image) => join(index.root, index.source.name(image)));
}

function meanKibibytes(index: StudyIndex, images: Int32Array): number {
  return images.reduce((sum, image) => sum + index.images.bytes[image]!, 0) / images.length / 1024;
}

if (import.meta.main) await main();
