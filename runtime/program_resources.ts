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

type Ready =
  | { kind: "dispatch"; pipeline: GPUComputePipeline; group: GPUBindGroup; grid: readonly [number, number, number] }
  | { kind: "copy"; from: GPUBuffer; fromOffset: number; to: GPUBuffer; toOffset: number; bytes: number };

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
    () => plan.commands.map((command, i): Ready => makeReady(device, { command, pipeline: pipelines[i], bufferOf })),
    { label: `program ${name}` },
  );
  const dispatches = plan.commands.flatMap((command) => (command.kind === "dispatch" ? [describe(command)] : []));
  return {
    dispatches,
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
): Promise<GPUComputePipeline> | undefined {
  if (command.kind === "copy") return undefined;
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
    pipeline: GPUComputePipeline | undefined;
    bufferOf: (planned: PlannedBuffer) => GPUBuffer;
  },
): Ready {
  const { command, pipeline, bufferOf } = options;
  if (command.kind === "copy" || !pipeline) {
    const { from, to } = command as Extract<PlannedCommand, { kind: "copy" }>;
    return {
      kind: "copy",
      from: bufferOf(from),
      fromOffset: from.offset,
      to: bufferOf(to),
      toOffset: to.offset,
      bytes: from.bytes,
    };
  }
  const places = command.uniforms ? [...command.bindings, command.uniforms] : command.bindings;
  const group = device.gpu.createBindGroup({
    label: command.command.dispatch.kernel,
    layout: pipeline.getBindGroupLayout(0),
    entries: places.map((place, binding) => ({
      binding,
      resource: { buffer: bufferOf(place), offset: place.offset, size: Math.ceil(place.bytes / 4) * 4 },
    })),
  });
  return { kind: "dispatch", pipeline, group, grid: command.command.dispatch.grid };
}

function describe(command: Extract<PlannedCommand, { kind: "dispatch" }>): ReadyDispatch {
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
  let pass: GPUComputePassEncoder | undefined;
  for (const command of ready) {
    if (command.kind === "copy") {
      pass?.end();
      pass = undefined;
      encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.bytes);
    } else {
      pass ??= encoder.beginComputePass();
      pass.setPipeline(command.pipeline);
      pass.setBindGroup(0, command.group);
      pass.dispatchWorkgroups(command.grid[0], command.grid[1], command.grid[2]);
    }
  }
  pass?.end();
}

/** Dispatches a query set: WebGPU allows 4,096 queries in one, two a dispatch. */
const QUERIED = 2048;

async function timeAll(device: Device, ready: readonly Ready[]): Promise<DispatchTime[]> {
  const times: DispatchTime[] = [];
  const count = ready.filter((command) => command.kind === "dispatch").length;
  const querySet = device.gpu.createQuerySet({ type: "timestamp", count: 2 * Math.min(QUERIED, Math.max(1, count)) });
  try {
    for (let start = 0; start < ready.length;) {
      const encoder = device.gpu.createCommandEncoder();
      let queries = 0;
      let at = start;
      for (; at < ready.length && queries < QUERIED; at++) {
        const command = ready[at]!;
        if (command.kind === "copy") {
          encodeAll(encoder, [command]);
          continue;
        }
        const pass = encoder.beginComputePass({
          timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * queries, endOfPassWriteIndex: 2 * queries + 1 },
        });
        pass.setPipeline(command.pipeline);
        pass.setBindGroup(0, command.group);
        pass.dispatchWorkgroups(command.grid[0], command.grid[1], command.grid[2]);
        pass.end();
        queries++;
      }
      times.push(...await resolveTimes(device, { encoder, querySet, queries }));
      start = at;
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
  const bytes = Math.max(1, queries) * 16;
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const resolved = device.allocate(bytes, { label: "timestamps", usage });
  try {
    if (queries) encoder.resolveQuerySet(querySet, 0, 2 * queries, resolved, 0);
    device.gpu.queue.submit([encoder.finish()]);
    if (!queries) return [];
    const ticks = new BigUint64Array(await device.readBuffer(resolved, { bytes }));
    return Array.from({ length: queries }, (_, i) => ({
      start: Number(ticks[2 * i]!),
      duration: Number(ticks[2 * i + 1]! - ticks[2 * i]!),
    }));
  } finally {
    device.free(resolved);
  }
}
