/**
 * What `deno task bench gpu` asks a GPU, the most important questions first.
 *
 * @module
 */
import type { StepName } from "../peers/work.ts";

/** The measurements, each a module in `measures/`. */
export const MEASURES = [
  "adapter",
  "verify",
  "variants",
  "rates",
  "step",
  "peer",
  "repeat",
  "memory",
  "costs",
  "cooperative",
  "shaders",
] as const;
export type MeasureName = typeof MEASURES[number];

/** What a measurement is given. */
export type PartOptions = Readonly<Record<string, string | number | boolean>>;

/** A question, answered by a process of its own. */
export interface GpuPart {
  readonly name: string;
  readonly summary: string;
  /** Seconds that it may take; what earlier parts leave unused may double them. */
  readonly seconds: number;
  readonly measure: MeasureName;
  readonly options?: PartOptions;
}

function step(work: StepName, precision: "f32" | "f16", seconds: number): GpuPart {
  return {
    name: `${work}-${precision}`,
    summary: `a training step of ${work} in ${precision}, not tuned and tuned`,
    seconds,
    measure: "step",
    options: { work, precision },
  };
}

function pytorch(options: { compile: boolean; tf32: boolean }, seconds: number): GpuPart {
  const { compile, tf32 } = options;
  return {
    name: `pytorch-${compile ? "compiled" : "eager"}${tf32 ? "-tf32" : ""}`,
    summary: `PyTorch on the same card, ${compile ? "torch.compile" : "eager"}, TF32 ${tf32 ? "on" : "off"}`,
    seconds,
    measure: "peer",
    options: { contestant: "pytorch", ...options },
  };
}

/** All parts in order. Their seconds add up to at most {@linkcode TOTAL_SECONDS}. */
export const GPU_PARTS: readonly GpuPart[] = [
  { name: "adapter", summary: "the adapter, its features and limits", seconds: 10, measure: "adapter" },
  { name: "verify", summary: "golden values of ops and models", seconds: 60, measure: "verify" },
  {
    name: "variants",
    summary: "every variant of convolutions and products against float64",
    seconds: 60,
    measure: "variants",
  },
  {
    name: "rates",
    summary: "GPU time of every kernel of a paper224 step beside the static model's",
    seconds: 30,
    measure: "rates",
  },
  step("step", "f32", 15),
  step("paper64", "f32", 20),
  step("paper224", "f32", 25),
  step("step", "f16", 15),
  step("paper64", "f16", 20),
  step("paper224", "f16", 25),
  pytorch({ compile: false, tf32: false }, 20),
  pytorch({ compile: false, tf32: true }, 15),
  pytorch({ compile: true, tf32: false }, 40),
  pytorch({ compile: true, tf32: true }, 30),
  {
    name: "jax-js",
    summary: "jax-js on the same card",
    seconds: 12,
    measure: "peer",
    options: { contestant: "jax-js" },
  },
  {
    name: "tfjs",
    summary: "TensorFlow.js on the same card",
    seconds: 12,
    measure: "peer",
    options: { contestant: "tfjs" },
  },
  { name: "repeat", summary: "whether two runs are bit-equal", seconds: 20, measure: "repeat" },
  { name: "memory", summary: "memory of the steps, planned and taken", seconds: 15, measure: "memory" },
  { name: "costs", summary: "what readbacks, writes, dispatches and submits cost", seconds: 12, measure: "costs" },
  {
    name: "cooperative",
    summary: "whether the adapter gives a device with cooperative matrices",
    seconds: 8,
    measure: "cooperative",
  },
  { name: "shaders", summary: "the tests of all kernels, in the time that is left", seconds: 16, measure: "shaders" },
];

/** Eight minutes. */
export const TOTAL_SECONDS = 480;
