/**
 * A planned program's buffers, pipelines and bind groups.
 *
 * @module
 */
import { unitName } from "../plan/commands.ts";
import type { Device } from "../device/device.ts";
import { ValidationError } from "../device/errors.ts";
import type { Value } from "../graph/graph.ts";
import type { PlannedBuffer, PlannedCommand, ProgramPlan } from "../plan/program_plan.ts";
import { formatShape } from "../graph/shape.ts";
import {
  type BoundDispatch,
  encodeDispatches,
  encodeTimed,
  pipelineOf,
  type ReadyDispatch,
  readyDispatch,
  type TexelTextures,
} from "./dispatch.ts";

/** What a dispatch is and does, for profiles. */
export interface DispatchInfo {
  readonly kernel: string;
  readonly op: string;
  readonly shape: string;
  readonly flops: number;
  readonly bytes: number;
}

/** GPU time of one dispatch in nanoseconds. */
export interface DispatchTime {
  readonly start: number;
  readonly duration: number;
}

/** The commands of a program. */
export interface Commands {
  readonly dispatches: readonly DispatchInfo[];
  /** Buffers that the program uses without owning them, each with the first dispatch that uses it. */
  readonly borrowed: readonly Borrowed[];
  /** Encodes all of them. */
  encode(encoder: GPUCommandEncoder): void;
  /** Runs all of them, each in a separate timed pass. */
  time(): Promise<DispatchTime[]>;
}

/** A state's buffer. */
export interface Borrowed {
  readonly buffer: GPUBuffer;
  readonly label: string;
  readonly dispatch: DispatchInfo;
}

/**
 * Allocates the textures of a plan.
 *
 * @throws {OutOfMemoryError} if memory does not suffice; nothing is allocated then.
 */
export function makeTextures(device: Device, { name, plan }: { name: string; plan: ProgramPlan }): TexelTextures {
  const label = `${name} texels`;
  const texture = plan.texelRows > 0 ? device.allocateTexels(plan.texelRows, { label }) : undefined;
  try {
    const halfTexture = plan.halfTexelRows > 0
      ? device.allocateTexels(plan.halfTexelRows, { label, half: true })
      : undefined;
    return { ...(texture ? { texture } : {}), ...(halfTexture ? { halfTexture } : {}) };
  } catch (error) {
    if (texture) device.freeTexels(texture);
    throw error;
  }
}

/** Allocates all buffers of a plan and writes known contents. */
export async function makeBuffers(device: Device, options: { name: string; plan: ProgramPlan }): Promise<GPUBuffer[]> {
  const { name, plan } = options;
  const made: GPUBuffer[] = [];
  try {
    await device.guarded(() => {
      for (const request of plan.requests) {
        const storage = request.role === "uniforms" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
        const usage = storage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
        made.push(device.allocate(request.bytes, { label: `${name} ${request.label}`, usage }));
      }
    }, { label: `program ${name}` });
  } catch (error) {
    for (const buffer of made) device.free(buffer);
    throw error;
  }
  plan.requests.forEach((request, i) => {
    if (request.data?.byteLength) device.gpu.queue.writeBuffer(made[i]!, 0, request.data as Uint8Array<ArrayBuffer>);
  });
  return made;
}

/**
 * Compiles pipelines, all at once, and makes bind groups.
 *
 * @throws {ValidationError} naming the kernel, the op and its shapes.
 */
export async function makeCommands(
  device: Device,
  options: { name: string; plan: ProgramPlan; buffers: readonly GPUBuffer[]; textures: TexelTextures },
): Promise<Commands> {
  const { plan, buffers, name, textures } = options;
  const bufferOf = (planned: PlannedBuffer) => planned.external ?? buffers[planned.buffer]!;
  const bound = plan.commands.map((command) => bindCommand(command, { bufferOf, textures }));
  const pipelines = await Promise.all(
    plan.commands.map((command, i) =>
      pipelineOf(device, bound[i]!).catch((error) => Promise.reject(located(error, { command, name })))
    ),
  );
  const jobs = plan.commands.map((command, i): Job => ({ command, bound: bound[i]!, pipeline: pipelines[i]! }));
  const ready = await makeAllReady(device, { jobs, name });
  return {
    dispatches: plan.commands.map(describe),
    borrowed: borrowedBuffers(plan.commands),
    encode: (encoder) => encodeDispatches(encoder, ready),
    time: () => timeAll(device, ready),
  };
}

function bindCommand(
  command: PlannedCommand,
  { bufferOf, textures }: { bufferOf(planned: PlannedBuffer): GPUBuffer; textures: TexelTextures },
): BoundDispatch {
  const { uniforms, texels = [] } = command;
  return {
    dispatch: command.command.dispatch,
    storage: command.bindings.map((planned) => ({ ...planned, buffer: bufferOf(planned) })),
    texels: texels.map((planned) => ({ ...planned, buffer: bufferOf(planned) })),
    uniforms: uniforms && { ...uniforms, buffer: bufferOf(uniforms) },
    textures,
  };
}

interface Job {
  readonly command: PlannedCommand;
  readonly bound: BoundDispatch;
  readonly pipeline: GPUComputePipeline;
}

/** Makes bind groups, and encodes all dispatches once without running them, so that WebGPU rejects them now. */
async function makeAllReady(device: Device, options: { jobs: readonly Job[]; name: string }): Promise<ReadyDispatch[]> {
  const { jobs, name } = options;
  const prepare = (some: readonly Job[]) =>
    device.guarded(() => {
      const ready = some.map((job) => readyDispatch(device, job));
      const encoder = device.gpu.createCommandEncoder({ label: name });
      encodeDispatches(encoder, ready);
      encoder.finish();
      return ready;
    }, { label: `program ${name}` });
  try {
    return await prepare(jobs);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    // WebGPU does not say which dispatch it rejected: try one at a time.
    for (const job of jobs) {
      await prepare([job]).catch((reason) => {
        const { kernel } = job.command.command.dispatch;
        const named = new ValidationError(kernel, `a dispatch of kernel ${kernel} was rejected: ${reason.message}`);
        throw located(reason instanceof ValidationError ? named : reason, { command: job.command, name });
      });
    }
    throw error;
  }
}

/** Adds op and shapes to a kernel's rejection: many ops may share a kernel. */
function located(error: unknown, options: { command: PlannedCommand; name: string }): unknown {
  if (!(error instanceof ValidationError)) return error;
  const { op, shape } = describe(options.command);
  return new ValidationError(error.kernel, `${error.message}, in ${op} ${shape} of program ${options.name}`, {
    op,
    shapes: shape,
  });
}

function borrowedBuffers(commands: readonly PlannedCommand[]): Borrowed[] {
  const found = new Map<GPUBuffer, Borrowed>();
  for (const command of commands) {
    for (const { external, label } of [...command.bindings, ...(command.texels ?? [])]) {
      if (external && !found.has(external)) {
        found.set(external, { buffer: external, label, dispatch: describe(command) });
      }
    }
  }
  return [...found.values()];
}

function describe(command: PlannedCommand): DispatchInfo {
  const { dispatch, unit } = command.command;
  const shapes = (values: readonly Value[]) => values.map((value) => formatShape(value.shape)).join(" ");
  return {
    kernel: dispatch.kernel,
    op: unitName(unit),
    shape: [shapes(unit.inputs), "->", shapes(unit.outputs)].filter(Boolean).join(" "),
    flops: dispatch.flops ?? 0,
    bytes: dispatch.bytes ??
      [...command.bindings, ...(command.texels ?? [])].reduce((total, { bytes }) => total + bytes, 0),
  };
}

/** Dispatches per query set: WebGPU allows 4,096 queries, and each dispatch takes two. */
const QUERIED = 2048;

async function timeAll(device: Device, ready: readonly ReadyDispatch[]): Promise<DispatchTime[]> {
  const times: DispatchTime[] = [];
  const querySet = device.gpu.createQuerySet({
    type: "timestamp",
    count: 2 * Math.min(QUERIED, Math.max(1, ready.length)),
  });
  try {
    for (let start = 0; start < ready.length; start += QUERIED) {
      const encoder = device.gpu.createCommandEncoder();
      const chunk = ready.slice(start, start + QUERIED);
      chunk.forEach((dispatch, i) =>
        encodeTimed(encoder, dispatch, {
          querySet,
          beginningOfPassWriteIndex: 2 * i,
          endOfPassWriteIndex: 2 * i + 1,
        })
      );
      times.push(...await resolveTimes(device, { encoder, querySet, queries: chunk.length }));
    }
  } finally {
    querySet.destroy();
  }
  return times;
}

async function resolveTimes(
  device: Device,
  options: { encoder: GPUCommandEncoder; querySet: GPUQuerySet; queries: number },
): Promise<DispatchTime[]> {
  const { encoder, querySet, queries } = options;
  const bytes = queries * 16;
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const resolved = device.allocate(bytes, { label: "timestamps", usage });
  try {
    encoder.resolveQuerySet(querySet, 0, 2 * queries, resolved, 0);
    device.submit(encoder, "a profile");
    const ticks = new BigUint64Array(await device.readBuffer(resolved, { bytes }));
    return Array.from({ length: queries }, (_, i) => ({
      start: Number(ticks[2 * i]!),
      duration: Number(ticks[2 * i + 1]! - ticks[2 * i]!),
    }));
  } finally {
    device.free(resolved);
  }
}
