/**
 * Every reader of files that others may have made, with valid inputs to start from.
 *
 * @module
 */
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { parseConfig } from "../../cli/options/options.ts";
import { COMMAND_LINE_ONLY, TRAIN_OPTIONS } from "../../cli/options/run_options.ts";
import { ImageDecoder } from "../../data/image/decode_image.ts";
import { preprocess } from "../../data/image/preprocess.ts";
import { openDataset, pairStudies, preparePixels, summarizeIndex } from "../../data/mod.ts";
import { readSkipped } from "../../data/cache/skipped_log.ts";
import { readRecord } from "../../data/readers/phantom_record.ts";
import { readZipDirectory } from "../../data/zip/zip_directory.ts";
import { readZipMember } from "../../data/zip/read_member.ts";
import { readResults } from "../../eval/results/results_file.ts";
import { opCaseSchema, readGoldenFile } from "../../eval/verify/golden_file.ts";
import { writePhantoms } from "../../phantoms/mod.ts";
import { readCheckpoint, saveCheckpoint } from "../../runtime/files/checkpoint.ts";
import { decodeSafetensors, encodeSafetensors } from "../../runtime/files/safetensors.ts";
import { decodeTuning, encodeTuning } from "../../runtime/mod.ts";
import { readMetricsFile, readRunConfig, readRunDraft } from "../../training/mod.ts";
import { baseOf } from "../../experiments/mod.ts";
import { plainImages, SMALL_JPEG, writeMimic } from "../data/fixture.ts";
import { goldenDicom } from "../data/image/dicom/golden_dicom.ts";
import { makeZip } from "../data/zip/zip_writer.ts";
import { givenFileReaders } from "./given_file_readers.ts";
import { openDataReaders } from "./open_data_readers.ts";
import type { Reader } from "./reader.ts";
import { repairCheckpoint, repairIndex, repairPng } from "./repair.ts";
import { singleRunFixture } from "../viz/report/fixture.ts";

/** All readers. @param folder An empty folder for their files. */
export async function allReaders(folder: string): Promise<Reader[]> {
  return [
    ...await imageReaders(),
    ...await tableReaders(folder),
    ...await cacheReaders(folder),
    ...await runReaders(folder),
    ...await tensorReaders(folder),
    zipReader(folder),
    ...openDataReaders(folder),
    ...givenFileReaders(folder),
  ];
}

async function imageReaders(): Promise<Reader[]> {
  const golden = (name: string) => Deno.readFile(new URL(`../data/golden/${name}`, import.meta.url));
  const decoder = new ImageDecoder({ maxPixels: 1_000_000, window: { kind: "file", number: 1 } });
  const formats = {
    "image.jpg": ["same_size_28.jpg", "progressive_224.jpg", "colour_420_64.jpg"],
    "image.png": ["formats.png", "noise_40.png"],
    "image.tiff": ["formats.tiff"],
    "image.bmp": ["formats.bmp"],
  };
  const dicom: Reader = {
    name: "image.dcm",
    text: false,
    inputs: [...goldenDicom()].filter(([name]) => /^u12.*\.dcm$/.test(name)).map(([, bytes]) => bytes),
    read: async (input) => preprocess(await decoder.decode(input), { size: 16, preprocessing: "radiograph" }),
  };
  const others = await Promise.all(
    Object.entries(formats).map(async ([name, files]): Promise<Reader> => ({
      name,
      text: false,
      inputs: await Promise.all(files.map(golden)),
      ...(name === "image.png" ? { repair: repairPng } : {}),
      read: async (input) => preprocess(await decoder.decode(input), { size: 16, preprocessing: "radiograph" }),
    })),
  );
  return [...others, dicom];
}

async function tableReaders(folder: string): Promise<Reader[]> {
  const mimic = join(folder, "mimic");
  writeMimic(mimic, { images: plainImages(4) });
  const chexpert = join(folder, "chexpert");
  await writePhantoms(chexpert, { studies: 6, seed: 1, scale: 0.02, layout: "chexpert", workers: 1 });
  // Otherwise the data set is known as phantoms, whatever its tables are.
  await Deno.remove(join(chexpert, "phantoms.json"));
  const own = join(folder, "own");
  await Deno.mkdir(own);
  const header = {
    format: "mmvm-paired-csv",
    version: 1,
    csv: "studies.csv",
    views: ["front", "side"],
    labels: ["Edema"],
  };
  await Deno.writeTextFile(join(own, "dataset.json"), JSON.stringify(header, null, 1));
  const rows = ["subject,study,split,front,side,Edema", "p1,s1,train,a.jpg,b.jpg,1", 'p2,s2,test,"c.jpg",d.jpg,0'];
  for (const name of "abcd") await Deno.writeFile(join(own, `${name}.jpg`), SMALL_JPEG);
  await Deno.writeTextFile(join(own, "studies.csv"), rows.join("\n") + "\n");
  const open = async (root: string) => {
    const index = await openDataset({ root });
    return summarizeIndex(index, pairStudies(index));
  };
  const table = async (root: string, file: string): Promise<Reader> => {
    const gzip = file.endsWith(".gz");
    const whole = await Deno.readFile(join(root, file));
    return {
      name: file,
      text: true,
      inputs: [gzip ? gunzipSync(whole) : whole],
      read: async (input) => {
        await Deno.writeFile(join(root, file), gzip ? gzipSync(input) : input);
        try {
          return await open(root);
        } finally {
          await Deno.writeFile(join(root, file), whole);
        }
      },
    };
  };
  return [
    ...await Promise.all(
      ["metadata", "split", "chexpert"].map((name) => table(mimic, `mimic-cxr-2.0.0-${name}.csv.gz`)),
    ),
    await table(chexpert, "train.csv"),
    await table(own, "dataset.json"),
    await table(own, "studies.csv"),
  ];
}

async function cacheReaders(folder: string): Promise<Reader[]> {
  const { data } = baseOf("mnist-pairs", { scale: "smoke" });
  const index = await openDataset({ dataset: "mnist-pairs", mnist: { pairs: { train: 4, validate: 2, test: 2 } } });
  const pixels = await preparePixels(index, { cacheDir: join(folder, "cache"), imageSize: 8 });
  pixels.close();
  const { directory } = pixels;
  await Deno.writeTextFile(
    join(directory, "skipped.jsonl"),
    `${JSON.stringify({ image: 1, name: "a.jpg", reason: data.dataset })}\n`.repeat(3),
  );
  const file = async (name: string, text: boolean, read: () => unknown): Promise<Reader> => ({
    name,
    text,
    ...await replaced(join(directory, name), read),
  });
  const openAll = async () => {
    using opened = await preparePixels(index, { cacheDir: join(folder, "cache"), imageSize: 8 });
    const out = new Uint8Array(opened.bytesPerImage);
    for (let image = 0; image < index.images.count; image++) if (opened.isReady(image)) opened.tryRead(image, out);
  };
  const phantoms = join(folder, "phantoms");
  await writePhantoms(phantoms, { studies: 2, seed: 1, scale: 0.02, workers: 1 });
  return [
    await file("manifest.json", true, openAll),
    { ...await file("shard-00000.idx", false, openAll), repair: repairIndex },
    await file("skipped.jsonl", true, () => readSkipped(join(directory, "skipped.jsonl"))),
    {
      name: "phantoms.json",
      text: true,
      ...await replaced(join(phantoms, "phantoms.json"), () => readRecord(phantoms)),
    },
  ];
}

async function runReaders(folder: string): Promise<Reader[]> {
  const base = baseOf("mnist-pairs", { scale: "smoke" });
  const config = {
    schema: "mmvm-run",
    version: 1,
    name: "fuzzed",
    data: base.data,
    model: { ...base.model, method: "mmvm" },
    training: { ...base.training, seed: 1 },
  };
  const metrics = { step: 0, loss: 1.5, reconstruction: 1, kl: 0.5, gradientNorm: 3, alpha: 0.1, learningRate: 1e-3 };
  const line = JSON.stringify({ ...metrics, studiesPerSecond: 10, seconds: 0.1 });
  const run = join(folder, "run");
  await Deno.mkdir(run);
  const file = async (name: string, content: unknown, read: (path: string) => unknown): Promise<Reader> => {
    const path = join(run, name);
    await Deno.writeTextFile(path, typeof content === "string" ? content : JSON.stringify(content, null, 1));
    return { name, text: true, ...await replaced(path, () => read(path)) };
  };
  const adapter = "an adapter";
  const tuning = encodeTuning(new Map([["conv 3x3", "gather"], ["matmul 8", "tiled"]]), { adapter });
  return [
    await file("config.json", config, () => readRunConfig(run)),
    await file("draft.json", { alphaGiven: false, config }, () => readRunDraft(run)),
    await file("metrics.jsonl", `${line}\n`.repeat(4), readMetricsFile),
    await file("results.json", singleRunFixture(), readResults),
    { name: "tuning.json", text: true, inputs: [bytesOf(tuning)], read: (input) => readTuning(input, adapter) },
    {
      name: "flags.json",
      text: true,
      inputs: [
        bytesOf(JSON.stringify({ run: "a", epochs: 3, imageSize: 64, network: "small", resume: true }, null, 1)),
      ],
      read: (input) =>
        parseConfig(TRAIN_OPTIONS, parseJson(input), { source: "flags.json", ignore: COMMAND_LINE_ONLY }),
    },
  ];
}

async function tensorReaders(folder: string): Promise<Reader[]> {
  const tensors = new Map([
    ["encoder.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["encoder.bias", { shape: [3], data: Float32Array.of(1, 2, 3) }],
  ]);
  const state = { step: 3, epoch: 1, seeds: { run: 1 }, counters: { step: 3 }, configHash: "abc", details: {} };
  const checkpoint = await saveCheckpoint(join(folder, "checkpoints"), { state, tensors });
  const golden = join(folder, "golden.safetensors");
  const cases = [{
    id: "a",
    op: "add",
    attrs: {},
    inputs: { x: "encoder.bias" },
    outputs: [],
    grad_outputs: [],
    grad_inputs: {},
  }];
  await Deno.writeFile(golden, encodeSafetensors(tensors, { cases: JSON.stringify(cases) }));
  return [
    {
      name: "tensors.safetensors",
      text: false,
      inputs: [encodeSafetensors(tensors, { a: "b" })],
      read: decodeSafetensors,
    },
    {
      name: "checkpoint.safetensors",
      text: false,
      repair: repairCheckpoint,
      ...await replaced(checkpoint, () => readCheckpoint(checkpoint)),
    },
    {
      name: "golden.safetensors",
      text: false,
      ...await replaced(golden, async () => {
        const file = await readGoldenFile(golden, opCaseSchema);
        for (const { inputs } of file.cases) Object.values(inputs).forEach((name) => file.tensor(name));
      }),
    },
  ];
}

function zipReader(folder: string): Reader {
  const path = join(folder, "files.zip");
  const members = [
    { name: "files/a.jpg", content: new Uint8Array(500).fill(7) },
    { name: "files/b.jpg", content: Uint8Array.from({ length: 300 }, (_, i) => i), store: true },
  ];
  return {
    name: "files.zip",
    text: false,
    inputs: [makeZip(members), makeZip(members, { zip64: true }), makeZip(members, { comment: "a comment" })],
    read: async (input) => {
      await Deno.writeFile(path, input);
      using archive = await Deno.open(path);
      for (const [member, entry] of readZipDirectory(path).entries) {
        const location = { kind: "zip", archive: path, member, ...entry } as const;
        await readZipMember(archive, location, { maxBytes: 2 ** 20 });
      }
    },
  };
}

/** A reader of one file, which is restored afterwards. */
async function replaced(path: string, read: () => unknown): Promise<Pick<Reader, "inputs" | "read">> {
  const whole = await Deno.readFile(path);
  return {
    inputs: [whole],
    read: async (input) => {
      await Deno.writeFile(path, input);
      try {
        return await read();
      } finally {
        await Deno.writeFile(path, whole);
      }
    },
  };
}

/** The run's tuner turns an invalid file into a warning with the error's message. */
function readTuning(input: Uint8Array, adapter: string): unknown {
  try {
    return decodeTuning(new TextDecoder().decode(input), { adapter });
  } catch (error) {
    if (error instanceof TypeError && /^not a file of choices/.test(error.message)) return undefined;
    throw error;
  }
}

/** Invalid JSON is rejected earlier. */
function parseJson(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch {
    return {};
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
