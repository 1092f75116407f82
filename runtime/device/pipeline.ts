/**
 * Compiles WGSL kernels to pipelines, with errors that name the kernel, the line and the column.
 *
 * @module
 */
import { EngineError, ValidationError } from "./errors.ts";
import { type HalfBindings, withHalf } from "../kernels/half.ts";

/** Everything that determines a compute pipeline. */
export interface PipelineSource {
  readonly kernel: string;
  readonly code: string;
  readonly constants: Readonly<Record<string, number>>;
  /** How each storage binding is used, in order. */
  readonly access: readonly ("read" | "read_write")[];
  /** True when a uniform buffer follows the storage buffers. */
  readonly uniforms: boolean;
  /** True when the texture of texels follows these. */
  readonly texels?: boolean;
  /** Which of these hold float16, where some do; see `half.ts`. */
  readonly halves?: HalfBindings;
}

/** A string that is equal for equal sources and for no others. */
export function pipelineKey(source: PipelineSource): string {
  const constants = Object.entries(source.constants).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    source.code,
    constants,
    source.access,
    source.uniforms,
    source.texels ?? false,
    source.halves,
  ]);
}

/**
 * Declares storage bindings as `read_write` where the plan needs them so.
 *
 * WebGPU tracks buffer usage by whole buffers: a dispatch may not bind one part of an arena read-only and another part writable,
 * but it may bind both as `read_write`, as long as the ranges do not overlap (they never do: the memory plan sees to it).
 */
function withAccess(code: string, access: readonly ("read" | "read_write")[]): string {
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
 * @throws {EngineError} where the driver fails in a kernel that WebGPU accepts.
 */
export async function createPipeline(gpu: GPUDevice, source: PipelineSource): Promise<GPUComputePipeline> {
  const { kernel } = source;
  const { halves } = source;
  const code = withAccess(halves ? withHalf(source.code, { kernel, halves }) : source.code, source.access);
  gpu.pushErrorScope("internal");
  gpu.pushErrorScope("validation");
  let module: GPUShaderModule | undefined;
  let pipeline: GPUComputePipeline | undefined;
  let thrown: unknown;
  try {
    module = gpu.createShaderModule({ label: kernel, code });
    const layout = gpu.createBindGroupLayout({ label: kernel, entries: layoutEntries(source) });
    pipeline = gpu.createComputePipeline({
      label: kernel,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main", constants: { ...source.constants } },
    });
  } catch (error) {
    // A constant that is no number, for example, is thrown at once; the scopes are closed below all the same.
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

/** The formats of the textures that a kernel with texels binds, in order. */
export function texelFormats(halves: HalfBindings | undefined): ("rgba32float" | "rgba16float")[] {
  const texels = halves?.texels ?? [];
  if (!texels.includes(true)) return ["rgba32float"];
  return texels.includes(false) ? ["rgba32float", "rgba16float"] : ["rgba16float"];
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
  for (const format of source.texels ? texelFormats(source.halves) : []) {
    const storageTexture = { access: "read-only", format } as const;
    entries.push({ binding: entries.length, visibility: GPUShaderStage.COMPUTE, storageTexture });
  }
  return entries;
}
