/**
 * `deno task bench PART`: runs one benchmark in its own process, with only the permissions that it needs.
 *
 * @module
 */
import { join } from "node:path";
import { printable, UsageError } from "../cli/terminal/errors.ts";
import { runCli } from "../cli/terminal/run_cli.ts";

/** A benchmark. */
interface Part {
  readonly summary: string;
  readonly file: string;
  /** `bench` for a file of `Deno.bench()`. */
  readonly command?: "bench";
  readonly permissions: readonly string[];
  /** Arguments inserted before the user's. */
  readonly args?: readonly string[];
}

const ROOT = join(import.meta.dirname!, "..");

/** Permission set in deno.json for programs that use the GPU. */
const GRAPHICS = "-P=graphics";
const FILES = ["--allow-read", "--allow-write"];
/** Peers are installed and run as child processes. */
const PEERS = ["--allow-env", "--allow-run", "--allow-sys=uid,cpus,loadavg", ...FILES];

const PARTS: Readonly<Record<string, Part>> = {
  engine: {
    summary: "JavaScript overhead of a replayed step of 300 dispatches",
    file: "bench/engine.ts",
    permissions: [GRAPHICS],
  },
  profile: {
    summary: "GPU time of a training step by kernel, with a trace (--help lists its flags)",
    file: "bench/profile.ts",
    permissions: [GRAPHICS, ...FILES],
  },
  "long-run": {
    summary: "memory of GPU and process over 20,000 steps with checkpoints and evaluations (about 10 minutes)",
    file: "bench/long_run.ts",
    permissions: [GRAPHICS, "--allow-read=.", "--allow-write=cache"],
  },
  text: {
    summary: "a run on texts alone: nats per token of held-out texts beside a unigram model, reconstructions: RUN",
    file: "bench/text.ts",
    permissions: [GRAPHICS, "--allow-read", "--allow-write=cache", "--allow-sys=systemMemoryInfo"],
  },
  kernels: {
    summary: "matrix products and convolutions relative to the adapter's ceiling: [FILTER [BATCH]]",
    file: "bench/kernels.ts",
    permissions: ["--allow-env", ...FILES],
  },
  step: {
    summary: "complete training steps: pairs per second, and GPU memory (--help lists its flags)",
    file: "bench/step.ts",
    permissions: [GRAPHICS, "--allow-run=git,dpkg-query", "--allow-sys=cpus,loadavg", ...FILES],
  },
  "gpu-static": {
    summary:
      "what the kernels compile to for a GPU, and a model of a step's time, without a GPU (--help lists its flags)",
    file: "bench/gpu_static.ts",
    permissions: ["--allow-env", "--allow-run", "--allow-sys=uid", "--allow-read", "--allow-write=cache,bench"],
  },
  gpu: {
    summary: "everything that a GPU must answer, in eight minutes, most important first (--help lists its flags)",
    file: "bench/gpu.ts",
    permissions: PEERS,
  },
  peers: {
    summary: "a training step and a matrix product against TensorFlow.js, jax-js and PyTorch (--help lists its flags)",
    file: "bench/peers.ts",
    permissions: PEERS,
  },
  paper64: {
    summary: "the papers' network at 64 pixels against PyTorch",
    file: "bench/paper.ts",
    args: ["paper64"],
    permissions: PEERS,
  },
  paper224: {
    summary: "the papers' network at 224 pixels against PyTorch",
    file: "bench/paper.ts",
    args: ["paper224"],
    permissions: PEERS,
  },
  ranks: {
    summary: "steps of several ranks beside what `plan` predicts, on one host and on two (--help lists its flags)",
    file: "bench/ranks.ts",
    permissions: ["--allow-all"],
  },
  loader: {
    summary: "loading of batches from the cache",
    file: "bench/loader.ts",
    permissions: ["--allow-env", ...FILES],
  },
  prepare: {
    summary: "decoding and resizing of radiographs, against Python's PIL: [IMAGE_SIZE [DIR]]",
    file: "bench/prepare.ts",
    permissions: ["--allow-env", "--allow-run", "--allow-sys", ...FILES],
  },
  index: {
    summary: "reading an index of MIMIC-CXR-JPG's size",
    file: "bench/index_scale.ts",
    permissions: ["--allow-env", "--allow-run", ...FILES],
  },
  probes: {
    summary: "logistic regression and bootstrap at the protocol's size",
    file: "bench/probe_bench.ts",
    command: "bench",
    permissions: ["--allow-read"],
  },
  forest: {
    summary: "a random forest at the protocol's size",
    file: "bench/forest_bench.ts",
    command: "bench",
    permissions: ["--allow-read"],
  },
  "forest-compare": {
    summary: "random forests against scikit-learn's: [TREES]",
    file: "bench/forest_compare.ts",
    permissions: ["--allow-run=python3", ...FILES],
  },
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    console.log(`Usage: deno task bench PART [arguments]\n\n${listParts()}`);
    return 0;
  }
  const part = PARTS[name];
  if (!part) {
    throw new UsageError(`there is no benchmark ${printable(name)}; choose one of ${Object.keys(PARTS).join(", ")}`);
  }
  const { file, command = "run", permissions, args: first = [] } = part;
  const flags = command === "run" ? ["--quiet", "--no-prompt"] : ["--no-prompt"];
  const child = new Deno.Command("deno", {
    args: [
      command,
      ...["--config", join(ROOT, "deno.json")],
      ...flags,
      "--cached-only",
      ...permissions,
      join(ROOT, file),
      ...first,
      ...rest,
    ],
  }).spawn();
  return (await child.status).code;
}

function listParts(): string {
  const width = Math.max(...Object.keys(PARTS).map((name) => name.length));
  return Object.entries(PARTS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
}

if (import.meta.main) await runCli(main);
