/**
 * A planned program's buffers, pipelines and bind groups.
 *
 * @module
 */
import { unitName } from "./commands.ts";
import type { Device } from "./device.ts";
import type { PlannedBuffer, PlannedCommand, ProgramPlan } from "./program_plan.ts";
import { formatShape } from "./tensor.ts";

/** A dispatch ready to encode. */
export interface ReadyDispatch {
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
  readonly dispatches: readonly ReadyDispatch[];
  /** Encodes all of them. */
  encode(encoder: GPUCommandEncoder): void;
  /** Runs all of them, each timed in a pass of its own. */
  time(): Promise<DispatchTime[]>;
}

interface Ready {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** Allocates all buffers of a plan and fills those with known contents. */
export async function makeBuffers(device: Device, options: { name: string; plan: ProgramPlan }): Promise<GPUBuffer[]> {
  const { name, plan } = options;
  const bytes = plan.requests.reduce((total, request) => total + request.bytes, 0);
  const made: GPUBuffer[] = [];
  try {
    await device.guarded(() => {
      for (const request of plan.requests) {
        const storage = request.role === "uniforms" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE;
        const usage = storage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
        made.push(device.allocate(request.bytes, { label: `${name} ${request.label}`, usage }));
      }
    }, { label: `program ${name}`, bytes });
  } catch (error) {
    for (const buffer of made) device.free(buffer);
    throw error;
  }
  plan.requests.forEach((request, i) => {
    if (request.data?.byteLength) device.gpu.queue.writeBuffer(made[i]!, 0, request.data as Uint8Array<ArrayBuffer>);
  });
  return made;
}

/** Compiles pipelines, all at once, and makes bind groups. */
export async function makeCommands(
  device: Device,
  options: { name: string; plan: ProgramPlan; buffers: readonly GPUBuffer[] },
): Promise<Commands> {
  const { plan, buffers, name } = options;
  const bufferOf = (planned: PlannedBuffer) => planned.external ?? buffers[planned.buffer]!;
  const pipelines = await Promise.all(plan.commands.map((command) => pipelineOf(device, command, bufferOf)));
  const ready = await device.guarded(
    () => plan.commands.map((command, i): Ready => makeReady(device, { command, pipeline: pipelines[i]!, bufferOf })),
    { label: `program ${name}` },
  );
  return {
    dispatches: plan.commands.map(describe),
    encode: (encoder) => encodeAll(encoder, ready),
    time: () => timeAll(device, ready),
  };
}

const declaredAccess = new Map<string, ("read" | "read_write")[]>();

function accessOf(code: string): ("read" | "read_write")[] {
  let found = declaredAccess.get(code);
  if (!found) {
    found = [];
    for (const [, index, access] of code.matchAll(/@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>/g)) {
      found[Number(index)] = access as "read" | "read_write";
    }
    declaredAccess.set(code, found);
  }
  return found;
}

function pipelineOf(
  device: Device,
  command: PlannedCommand,
  bufferOf: (planned: PlannedBuffer) => GPUBuffer,
): Promise<GPUComputePipeline> {
  const { dispatch } = command.command;
  const declared = accessOf(dispatch.code);
  if (declared.length !== command.bindings.length) {
    throw new TypeError(
      `kernel ${dispatch.kernel} declares ${declared.length} storage buffers but binds ${command.bindings.length}`,
    );
  }
  const written = new Set(command.bindings.filter((_, i) => declared[i] === "read_write").map(bufferOf));
  const access = command.bindings.map((binding) =>
    written.has(bufferOf(binding)) ? "read_write" as const : "read" as const
  );
  return device.pipeline({
    kernel: dispatch.kernel,
    code: dispatch.code,
    constants: dispatch.constants ?? {},
    access,
    uniforms: dispatch.uniforms !== undefined,
  });
}

function makeReady(
  device: Device,
  options: {
    command: PlannedCommand;
    pipeline: GPUComputePipeline;
    bufferOf: (planned: PlannedBuffer) => GPUBuffer;
  },
): Ready {
  const { command, pipeline, bufferOf } = options;
  const places = command.uniforms ? [...command.bindings, command.uniforms] : command.bindings;
  const group = device.gpu.createBindGroup({
    label: command.command.dispatch.kernel,
    layout: pipeline.getBindGroupLayout(0),
    entries: places.map((place, binding) => ({
      binding,
      resource: { buffer: bufferOf(place), offset: place.offset, size: Math.ceil(place.bytes / 4) * 4 },
    })),
  });
  return { pipeline, group, grid: command.command.dispatch.grid };
}

function describe(command: PlannedCommand): ReadyDispatch {
  const { dispatch, unit } = command.command;
  const shapes = [...unit.inputs, ...unit.outputs].map((value) => formatShape(value.shape)).join(" ");
  return {
    kernel: dispatch.kernel,
    op: unitName(unit),
    shape: shapes,
    flops: dispatch.flops ?? 0,
    bytes: dispatch.bytes ?? command.bindings.reduce((total, binding) => total + binding.bytes, 0),
  };
}

function encodeAll(encoder: GPUCommandEncoder, ready: readonly Ready[]): void {
  const pass = encoder.beginComputePass();
  for (const command of ready) encodeDispatch(pass, command);
  pass.end();
}

function encodeDispatch(pass: GPUComputePassEncoder, command: Ready): void {
  pass.setPipeline(command.pipeline);
  pass.setBindGroup(0, command.group);
  pass.dispatchWorkgroups(command.grid[0], command.grid[1], command.grid[2]);
}

/** Dispatches a query set: WebGPU allows 4,096 queries in one, two a dispatch. */
const QUERIED = 2048;

async function timeAll(device: Device, ready: readonly Ready[]): Promise<DispatchTime[]> {
  const times: DispatchTime[] = [];
  const querySet = device.gpu.createQuerySet({
    type: "timestamp",
    count: 2 * Math.min(QUERIED, Math.max(1, ready.length)),
  });
  try {
    for (let start = 0; start < ready.length; start += QUERIED) {
      const encoder = device.gpu.createCommandEncoder();
      const chunk = ready.slice(start, start + QUERIED);
      chunk.forEach((command, i) => {
        const pass = encoder.beginComputePass({
          timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
        });
        encodeDispatch(pass, command);
        pass.end();
      });
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
    device.gpu.queue.submit([encoder.finish()]);
    const ticks = new BigUint64Array(await device.readBuffer(resolved, { bytes }));
    return Array.from({ length: queries }, (_, i) => ({
      start: Number(ticks[2 * i]!),
      duration: Number(ticks[2 * i + 1]! - ticks[2 * i]!),
    }));
  } finally {
    device.free(resolved);
  }
}
