/**
 * Compiles a function over tensors into a program.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { UnsupportedError } from "../device/errors.ts";
import type { ComputeType } from "../kernels/kernel.ts";
import type { Precision } from "../plan/half_storage.ts";
import { traced } from "../graph/op.ts";
import { planProgram, type ProgramMemory } from "../plan/program_plan.ts";
import { checkPlan, Program } from "./program.ts";
import type { Tensor } from "../graph/tensor.ts";

/** The results of a program. */
export interface ProgramResults {
  /** Tensors that can be read after a run. */
  readonly outputs?: Readonly<Record<string, Tensor>>;
  /** Scalars that every run appends to a ring buffer on the GPU, to be read once in a while. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** How to compile. */
export interface CompileOptions {
  /** Name for messages and GPU debuggers. */
  readonly name?: string;
  /** Capacity of the metrics ring in runs; 1,024 by default. */
  readonly ringCapacity?: number;
  /** Called with the memory that the program needs before any is allocated; may throw to refuse. */
  readonly onPlan?: (memory: ProgramMemory) => void;
  /**
   * Check every op's results and all states for NaN and infinity, and inputs for NaN. `read()`, `readMetrics()` and
   * `checkNumerics()`, and later calls of `run()`, then throw a `NonFiniteError` that names the first op affected.
   * Ops are not fused, and each is followed by a check: meant for debugging, not for training.
   */
  readonly checkNumerics?: boolean;
  /**
   * Size in bytes from which results of pointwise ops are recomputed for the backward pass instead of kept, if their
   * inputs are kept anyway (batch norm before a convolution). 4 MiB by default, which saves a fifth of the memory of
   * a training step with the papers' network and costs 1 % of its time; `Infinity` keeps everything.
   */
  readonly recomputeBytes?: number;
  /**
   * Storage type of large computed values, `f32` by default. With `f16`, values of four axes and 4,096 elements or
   * more are stored as float16; all arithmetic, inputs, outputs, states and gradients of parameters stay float32.
   * Gradients of activations underflow in float16 unless the loss is scaled: see `loss_scale.ts`.
   */
  readonly precision?: Precision;
  /**
   * What matrix products and convolutions multiply, `f32` by default. `f16` multiplies float16 and adds up in float32
   * after a few terms, see `kernels/matmul/half_products.ts`; it needs `precision: "f16"`. Its kernels are made for
   * GPUs and slow on others.
   */
  readonly compute?: ComputeType;
  /**
   * Whether the device's tuner chooses kernel variants, true by default. Without it every choice is the profile's
   * default, whatever the tuner has measured: for programs beside the one that is tuned.
   */
  readonly tuned?: boolean;
}

/**
 * Compiles what `build` computes. `build` is called once and builds a graph; its inputs are declared with `input()`,
 * its states are `State.tensor`s, and the ops in it that change states (optimisers, running statistics) run whenever
 * the program runs.
 *
 * @throws {TypeError | RangeError} from the shape rules of the ops.
 * @throws {OutOfMemoryError} naming what does not fit, before anything is allocated where that can be known.
 * @throws {ValidationError} naming a kernel that WebGPU rejects.
 * @throws {UnsupportedError} for precision `f16` on an adapter without float16.
 * @throws {RangeError} for compute `f16` without precision `f16`.
 *
 * @example
 * ```ts
 * import { compile, Device, input, mul, sum } from "../../mod.ts";
 *
 * using device = await Device.open();
 * using program = await compile(device, () => {
 *   const x = input("x", { shape: [3] });
 *   return { outputs: { total: sum(mul(x, 2)) } };
 * });
 * program.run({ x: Float32Array.of(1, 2, 3) });
 * const [total] = await program.read("total"); // [12]
 * ```
 */
export async function compile(
  device: Device,
  build: () => ProgramResults,
  options: CompileOptions = {},
): Promise<Program> {
  const { checkNumerics = false, precision = "f32", compute = "f32", tuned = true } = options;
  if (precision === "f16") requireHalf(device);
  requireHalfStorage({ precision, compute });
  const { result, trace } = traced(build, { sites: checkNumerics });
  const request = {
    outputs: new Map(Object.entries(result.outputs ?? {})),
    metrics: new Map(Object.entries(result.metrics ?? {})),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: options.ringCapacity ?? 1024,
  };
  const { tuner, ...untuned } = device.target;
  const target = { ...(tuned && tuner ? device.target : untuned), compute };
  const { recomputeBytes } = options;
  const how = {
    target,
    maxBufferBytes: device.gpu.limits.maxBufferSize,
    checkNumerics,
    precision,
    ...(recomputeBytes === undefined ? {} : { recomputeBytes }),
  };
  let plan = planProgram(request, how);
  options.onPlan?.(plan.memory);
  if (tuned && await device.settleTuner()) {
    plan = planProgram(request, how);
    options.onPlan?.(plan.memory);
  }
  const named = { name: options.name ?? "program", plan };
  checkPlan(device, named);
  return await Program.create(device, named);
}

/**
 * Checks that products of float16 come with storage of float16, whose loss scale they need.
 *
 * @throws {RangeError} where they do not.
 */
export function requireHalfStorage(how: { precision: Precision; compute: ComputeType }): void {
  if (how.compute === "f16" && how.precision !== "f16") {
    throw new RangeError(
      `compute f16 needs precision f16, whose loss scale keeps gradients in float16's range, got ${how.precision}: ` +
        "add --precision f16, or leave compute at f32",
    );
  }
}

/**
 * Checks that programs of precision `f16` can be compiled.
 *
 * @throws {UnsupportedError} naming what the adapter lacks.
 */
export function requireHalf(device: Device): void {
  if (device.hasHalf) return;
  throw new UnsupportedError(
    `precision f16 needs the WebGPU feature shader-f16, which the adapter ${device.description} lacks: ` +
      "use precision f32, which works on every adapter",
  );
}
