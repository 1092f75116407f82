/**
 * Measures images per second of `deno task prepare` on full-size radiographs (about 2544 x 3056, quality 95) with one
 * worker and with one a core, against Python's PIL in as many processes; and the processor time of an image, which
 * other load affects less.
 *
 *     deno run --allow-read --allow-write --allow-env --allow-run --allow-sys bench/prepare.ts [IMAGE_SIZE [DIR]]
 *
 * DIR is a data set in MIMIC-CXR-JPG's layout; by default full-size phantoms are drawn. The environment variable PYTHON
 * names a Python with PIL.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { imagesOfPairs, openDataset, preparePixels, type StudyIndex } from "../data/mod.ts";
import { writePhantoms } from "../phantoms/mod.ts";

const WORKERS = [...new Set([1, navigator.hardwareConcurrency])];
/** Phantom studies to draw: about 50 images. */
const STUDIES = 24;

async function main(): Promise<void> {
  const imageSize = Number(Deno.args[0] ?? 224);
  const temporary = await Deno.makeTempDir({ prefix: "mmvm-prepare-" });
  try {
    const root = Deno.args[1] ?? join(temporary, "phantoms");
    if (Deno.args[1] === undefined) await writePhantoms(root, { studies: STUDIES, seed: 1, scale: 1 });
    await compare(root, { imageSize, cacheDir: join(temporary, "cache") });
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function compare(root: string, options: { imageSize: number; cacheDir: string }): Promise<void> {
  const { imageSize } = options;
  const index = await openDataset({ root });
  const images = imagesOfPairs(index);
  console.log(`${images.length} images, mean file ${meanKibibytes(index, images).toFixed(0)} KiB, to ${imageSize} px`);
  const python: number[] = [];
  // Warm-up: fills the page cache and compiles.
  await timePil(paths(index, images), { imageSize, processes: 2 });
  await timeOwn(index, { ...options, workers: 2 });
  for (const workers of WORKERS) {
    const before = process.cpuUsage();
    const own = images.length / await timeOwn(index, { ...options, workers });
    const { user, system } = process.cpuUsage(before);
    const ownProcessor = (user + system) / 1000 / images.length;
    const peer = await timePil(paths(index, images), { imageSize, processes: workers });
    const pil = images.length / peer.seconds;
    python.push(pil);
    console.log(
      `${workers} at a time: ${own.toFixed(1)} images/s, PIL ${pil.toFixed(1)} images/s, ratio ${
        (own / pil).toFixed(2)
      }, ` +
        `against one PIL process ${(own / python[0]!).toFixed(2)}; processor time of an image ${
          ownProcessor.toFixed(1)
        } ms, PIL ${peer.processorMilliseconds.toFixed(1)} ms, ratio of rates ${
          (peer.processorMilliseconds / ownProcessor).toFixed(2)
        }`,
    );
  }
}

/** Seconds for all images, excluding the start of the workers. */
async function timeOwn(
  index: StudyIndex,
  options: { imageSize: number; cacheDir: string; workers: number },
): Promise<number> {
  let first = 0;
  let last = 0;
  let done = 0;
  await preparePixels(index, {
    ...options,
    onProgress: (progress) => {
      if (progress.done === options.workers) first = performance.now();
      last = performance.now();
      done = progress.done;
    },
  });
  await Deno.remove(options.cacheDir, { recursive: true });
  return (last - first) / 1000 * done / (done - options.workers);
}

async function timePil(
  files: readonly string[],
  options: { imageSize: number; processes: number },
): Promise<{ seconds: number; processorMilliseconds: number }> {
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
  const [seconds, processor] = new TextDecoder().decode(stdout).split(" ").map(Number) as [number, number];
  return { seconds, processorMilliseconds: 1000 * processor };
}

function paths(index: StudyIndex, images: Int32Array): string[] {
  return [...images].map((image) => join(index.root, index.source.name(image)));
}

function meanKibibytes(index: StudyIndex, images: Int32Array): number {
  return images.reduce((sum, image) => sum + index.images.bytes[image]!, 0) / images.length / 1024;
}

if (import.meta.main) await main();
