/**
 * Compiling a function over tensors into a program.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import { UnsupportedError } from "../device/errors.ts";
import type { Precision } from "../plan/half_storage.ts";
import { traced } from "../graph/op.ts";
import { planProgram } from "../plan/program_plan.ts";
import { checkPlan, Program } from "./program.ts";
import type { ProgramMemory } from "../plan/program_plan.ts";
import type { Tensor } from "../graph/tensor.ts";

/** What a program gives. */
export interface ProgramResults {
  /** Tensors that can be read after a run. */
  readonly outputs?: Readonly<Record<string, Tensor>>;
  /** Scalars that are kept for every run in a ring on the GPU, and read every so many steps. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** How to compile. */
export interface CompileOptions {
  /** Name for messages and GPU debuggers. */
  readonly name?: string;
  /** Runs that the metrics ring holds; 1,024 by default. */
  readonly ringCapacity?: number;
  /** Called with the memory that the program will take, before any is allocated; throw to refuse. */
  readonly onPlan?: (memory: ProgramMemory) => void;
  /**
   * Look for NaN and infinity in every op's results (and in states, and for NaN in inputs). The program then throws a `NonFiniteError` that names the first such op from
   * `read()`, `readMetrics()` and `checkNumerics()`, and from `run()` once it is known. Ops are not fused and each is followed by a check:
   * for finding a fault, not for training.
   */
  readonly checkNumerics?: boolean;
  /**
   * Bytes from which on results of pointwise ops are computed again for the backward pass instead of kept, where their inputs are kept
   * anyway (batch norm before a convolution): 4 MiB by default, which takes a fifth off the memory of the papers' step and adds 1 % to its
   * time; `Infinity` keeps all.
   */
  readonly recomputeBytes?: number;
  /**
   * How large values that the program computes are stored, `f32` by default. With `f16` those of four axes and 4,096 elements or
   * more are float16 in memory; all arithmetic stays float32, and so do inputs, outputs, states and the gradients of parameters. The gradients on
   * the way there underflow in float16 unless they are scaled: see `loss_scale.ts`.
   */
  readonly precision?: Precision;
}

/**
 * Compiles what `build` computes. `build` is called once and builds a graph; its inputs are declared with `input()`, its states
 * are `State.tensor`s, and the ops in it that change states (optimisers, running statistics) run whenever the program runs.
 *
 * @throws {TypeError | RangeError} from the shape rules of the ops.
 * @throws {OutOfMemoryError} naming what does not fit, before anything is allocated where that can be known.
 * @throws {ValidationError} naming a kernel that WebGPU rejects.
 * @throws {UnsupportedError} for precision `f16` on an adapter without float16.
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
  const { checkNumerics = false, precision = "f32" } = options;
  if (precision === "f16") requireHalf(device);
  const { result, trace } = traced(build, { sites: checkNumerics });
  const request = {
    outputs: new Map(Object.entries(result.outputs ?? {})),
    metrics: new Map(Object.entries(result.metrics ?? {})),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: options.ringCapacity ?? 1024,
  };
  const { target } = device;
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
  if (await device.settleTuner()) {
    plan = planProgram(request, how);
    options.onPlan?.(plan.memory);
  }
  const named = { name: options.name ?? "program", plan };
  checkPlan(device, named);
  return await Program.create(device, named);
}

/**
 * Checks that programs of precision `f16` can be compiled.
 *
 * @throws {UnsupportedError} naming what the adapter lacks.
 */
export function requireHalf(device: Device): void {
  if (device.hasHalf) return;
  throw new UnsupportedError(
    `precision f16 needs the WebGPU feature shader-f16, which the adapter ${device.description} lacks: use precision f32, which works on every adapter`,
  );
}
