/**
 * Compiles WGSL kernels to pipelines, with errors that name the kernel, the line and the column.
 *
 * @module
 */
import { ValidationError } from "./errors.ts";

/** Everything that determines a compute pipeline. */
export interface PipelineSource {
  readonly kernel: string;
  readonly code: string;
  readonly constants: Readonly<Record<string, number>>;
  /** How each storage binding is used, in order. */
  readonly access: readonly ("read" | "read_write")[];
  /** True when a uniform buffer follows the storage buffers. */
  readonly uniforms: boolean;
}

/** A string that is equal for equal sources and for no others. */
export function pipelineKey(source: PipelineSource): string {
  const constants = Object.entries(source.constants).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([source.code, constants, source.access, source.uniforms]);
}

/**
 * Declares storage bindings as `read_write` where the plan needs them so.
 *
 * WebGPU tracks buffer usage by whole buffers: a dispatch may not bind one part of an arena read-only and another part writable,
 * but it may bind both as `read_write`, as long as the ranges do not overlap (they never do: the memory plan sees to it).
 */
export function withAccess(code: string, access: readonly ("read" | "read_write")[]): string {
  return code.replace(
    /@binding\((\d+)\)(\s*)var<storage,\s*read(?:_write)?>/g,
    (text, index: string, space: string) => {
      const mode = access[Number(index)];
      return mode ? `@binding(${index})${space}var<storage, ${mode}>` : text;
    },
  );
}

/**
 * Compiles one kernel.
 *
 * @throws {ValidationError} with the compiler's message and the offending line of the text.
 */
export async function createPipeline(gpu: GPUDevice, source: PipelineSource): Promise<GPUComputePipeline> {
  const code = withAccess(source.code, source.access);
  gpu.pushErrorScope("validation");
  const module = gpu.createShaderModule({ label: source.kernel, code });
  const layout = gpu.createBindGroupLayout({ label: source.kernel, entries: layoutEntries(source) });
  const pipeline = gpu.createComputePipeline({
    label: source.kernel,
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main", constants: { ...source.constants } },
  });
  const [error, info] = await Promise.all([gpu.popErrorScope(), module.getCompilationInfo()]);
  const fault = info.messages.find((message) => message.type === "error");
  if (fault) {
    const line = code.split("\n")[fault.lineNum - 1]?.trim() ?? "";
    throw new ValidationError(
      source.kernel,
      `kernel ${source.kernel} does not compile, line ${fault.lineNum}, column ${fault.linePos}: ${fault.message} (${line})`,
    );
  }
  if (error) throw new ValidationError(source.kernel, `kernel ${source.kernel} was rejected: ${error.message}`);
  return pipeline;
}

function layoutEntries(source: PipelineSource): GPUBindGroupLayoutEntry[] {
  const entries: GPUBindGroupLayoutEntry[] = source.access.map((access, binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: access === "read" ? "read-only-storage" : "storage" },
  }));
  if (source.uniforms) {
    entries.push({ binding: entries.length, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform" } });
  }
  return entries;
}
