/**
 * Compiles WGSL kernels to pipelines; errors name the kernel, the line and the column.
 *
 * @module
 */
import { EngineError, ValidationError } from "./errors.ts";

/** What a binding of a kernel is: a storage buffer, the uniforms, or a texture of texels. */
export type BindingKind = "read" | "read_write" | "uniform" | "rgba32float" | "rgba16float";

/** Everything that determines a compute pipeline. */
export interface PipelineSource {
  /** Name of the kernel, for errors. */
  readonly kernel: string;
  /** WGSL with the entry point `main`. */
  readonly code: string;
  /** What the bindings of group 0 are, in order. */
  readonly bindings: readonly BindingKind[];
}

/** A string that is equal for equal sources and for no others. */
export function pipelineKey({ code, bindings }: PipelineSource): string {
  return JSON.stringify([code, bindings]);
}

/**
 * Compiles one kernel.
 *
 * @throws {ValidationError} with the compiler's message and the offending line of the text.
 * @throws {EngineError} if the driver fails on a kernel that WebGPU accepts.
 */
export async function createPipeline(gpu: GPUDevice, source: PipelineSource): Promise<GPUComputePipeline> {
  const { kernel, code, bindings } = source;
  gpu.pushErrorScope("internal");
  gpu.pushErrorScope("validation");
  let module: GPUShaderModule | undefined;
  let pipeline: GPUComputePipeline | undefined;
  let thrown: unknown;
  try {
    module = gpu.createShaderModule({ label: kernel, code });
    const layout = gpu.createBindGroupLayout({ label: kernel, entries: bindings.map(layoutEntry) });
    pipeline = gpu.createComputePipeline({
      label: kernel,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
  } catch (error) {
    // What WebGPU throws at once, rather than report: the scopes are closed below all the same.
    thrown = error;
  }
  const [rejected, failed, info] = await Promise.all([
    gpu.popErrorScope(),
    gpu.popErrorScope(),
    module?.getCompilationInfo(),
  ]);
  const fault = info?.messages.find((message) => message.type === "error");
  if (fault) {
    const line = code.split("\n")[fault.lineNum - 1]?.trim() ?? "";
    throw new ValidationError(
      kernel,
      `kernel ${kernel} does not compile, line ${fault.lineNum}, column ${fault.linePos}: ${fault.message} (${line})`,
    );
  }
  if (rejected) throw new ValidationError(kernel, `kernel ${kernel} was rejected: ${rejected.message}`);
  if (failed) throw new EngineError(`the GPU's driver failed to compile kernel ${kernel}: ${failed.message}`);
  if (!pipeline) throw new ValidationError(kernel, `kernel ${kernel} was rejected: ${(thrown as Error).message}`);
  return pipeline;
}

function layoutEntry(kind: BindingKind, binding: number): GPUBindGroupLayoutEntry {
  const visibility = GPUShaderStage.COMPUTE;
  switch (kind) {
    case "read":
      return { binding, visibility, buffer: { type: "read-only-storage" } };
    case "read_write":
      return { binding, visibility, buffer: { type: "storage" } };
    case "uniform":
      return { binding, visibility, buffer: { type: "uniform" } };
    default:
      return { binding, visibility, storageTexture: { access: "read-only", format: kind } };
  }
}
