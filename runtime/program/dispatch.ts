/**
 * Runs dispatches: compiles the pipeline for the way in which buffers are bound, makes the bind group, and encodes.
 * Programs, the tuner and the tests of kernels all go through here.
 *
 * @module
 */
import type { Device } from "../device/device.ts";
import type { PipelineSource } from "../device/pipeline.ts";
import { type HalfOperands, kernelText, storageOperands, texelFormats } from "../kernels/declarations.ts";
import type { Dispatch, Grid } from "../kernels/kernel.ts";
import { copyTexels } from "../kernels/texels.ts";

/** A piece of a buffer. */
export interface BufferPiece {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** True where it holds float16. */
  readonly half: boolean;
}

/** A piece of a buffer that is read as texels, from a row of the texture on. */
export interface TexelPiece extends BufferPiece {
  readonly row: number;
  /** False if an earlier dispatch has put it there. */
  readonly copied: boolean;
}

/** The textures that texels of float32 and of float16 are read from. */
export interface TexelTextures {
  readonly texture?: GPUTexture;
  readonly halfTexture?: GPUTexture;
}

/** A dispatch and the memory of its operands, in their order. */
export interface BoundDispatch {
  readonly dispatch: Dispatch;
  readonly storage: readonly BufferPiece[];
  readonly texels: readonly TexelPiece[];
  /** Where its uniforms lie, if it has any. */
  readonly uniforms?: Omit<BufferPiece, "half"> | undefined;
  readonly textures: TexelTextures;
}

/** A dispatch ready to encode. */
export interface ReadyDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
  /** What is copied to the textures first. */
  readonly sources: readonly TexelPiece[];
  readonly textures: TexelTextures;
}

/** What of a dispatch's bindings determines its pipeline. */
interface BoundKernel {
  readonly dispatch: Dispatch;
  /** Pieces of one buffer have equal values of `buffer`, whatever they are. */
  readonly storage: readonly { readonly buffer: unknown; readonly half: boolean }[];
  readonly texels: readonly { readonly half: boolean }[];
  readonly uniforms?: object | undefined;
}

/**
 * The text and binding kinds of a dispatch's pipeline.
 *
 * WebGPU tracks the usage of whole buffers: one part of a buffer cannot be bound read-only beside another part that is
 * written, but both can be bound as `read_write`, if they do not overlap (the memory plan sees to that).
 */
export function pipelineSource({ dispatch, storage, texels, uniforms }: BoundKernel): PipelineSource {
  const declared = storageOperands(dispatch);
  const written = new Set(storage.filter((_, i) => declared[i]![1].access !== "read").map(({ buffer }) => buffer));
  const access = storage.map(({ buffer }) => written.has(buffer) ? "read_write" as const : "read" as const);
  const halves = halvesOf({ storage, texels });
  const bindings = [...access, ...(uniforms ? ["uniform" as const] : []), ...texelFormats(halves)];
  return { kernel: dispatch.kernel, code: kernelText(dispatch, { access, halves }), bindings };
}

/** The compiled pipeline of a dispatch. */
export function pipelineOf(device: Device, bound: BoundDispatch): Promise<GPUComputePipeline> {
  return device.pipeline(pipelineSource(bound));
}

function halvesOf({ storage, texels }: Pick<BoundKernel, "storage" | "texels">): HalfOperands {
  return { storage: storage.map(({ half }) => half), texels: texels.map(({ half }) => half) };
}

/** Makes the bind group of a dispatch. */
export function readyDispatch(
  device: Device,
  { bound, pipeline }: { bound: BoundDispatch; pipeline: GPUComputePipeline },
): ReadyDispatch {
  const { dispatch, storage, texels, uniforms, textures } = bound;
  const resources: GPUBindingResource[] = [...storage, ...(uniforms ? [uniforms] : [])].map((piece) => ({
    buffer: piece.buffer,
    offset: piece.offset,
    size: Math.ceil(piece.bytes / 4) * 4,
  }));
  for (const format of texelFormats(halvesOf({ storage, texels }))) {
    const texture = format === "rgba16float" ? textures.halfTexture : textures.texture;
    resources.push(texture!.createView());
  }
  const group = device.gpu.createBindGroup({
    label: dispatch.kernel,
    layout: pipeline.getBindGroupLayout(0),
    entries: resources.map((resource, binding) => ({ binding, resource })),
  });
  return { pipeline, group, grid: dispatch.grid, sources: texels.filter(({ copied }) => copied), textures };
}

/** Encodes dispatches, with the copies to textures that some need between passes. */
export function encodeDispatches(encoder: GPUCommandEncoder, ready: readonly ReadyDispatch[]): void {
  let pass: GPUComputePassEncoder | undefined;
  let current: GPUComputePipeline | undefined;
  for (const dispatch of ready) {
    if (dispatch.sources.length > 0) {
      pass?.end();
      pass = undefined;
      current = undefined;
      copyTexels(encoder, { ...dispatch.textures, sources: dispatch.sources });
    }
    pass ??= encoder.beginComputePass();
    if (dispatch.pipeline !== current) pass.setPipeline(dispatch.pipeline);
    current = dispatch.pipeline;
    dispatchIn(pass, dispatch);
  }
  pass?.end();
}

/** Encodes one dispatch in a pass of its own that writes timestamps. */
export function encodeTimed(
  encoder: GPUCommandEncoder,
  ready: ReadyDispatch,
  timestampWrites: GPUComputePassTimestampWrites,
): void {
  if (ready.sources.length > 0) copyTexels(encoder, { ...ready.textures, sources: ready.sources });
  const pass = encoder.beginComputePass({ timestampWrites });
  pass.setPipeline(ready.pipeline);
  dispatchIn(pass, ready);
  pass.end();
}

function dispatchIn(pass: GPUComputePassEncoder, { group, grid }: ReadyDispatch): void {
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
}
