/**
 * A planned program's buffers, pipelines and bind groups.
 *
 * @module
 */
import { unitName } from "../plan/commands.ts";
import type { Device } from "../device/device.ts";
import { ValidationError } from "../device/errors.ts";
import type { Value } from "../graph/graph.ts";
import { accessOf } from "../kernels/kernel.ts";
import { texelFormats } from "../device/pipeline.ts";
import type { PlannedBuffer, PlannedCommand, ProgramPlan } from "../plan/program_plan.ts";
import { formatShape } from "../graph/shape.ts";
import { copyTexels, type TexelSource } from "../kernels/texels.ts";

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
  /** Buffers that the program uses and does not own, each with the dispatch that is the first to use it. */
  readonly borrowed: readonly Borrowed[];
  /** Encodes all of them. */
  encode(encoder: GPUCommandEncoder): void;
  /** Runs all of them, each timed in a pass of its own. */
  time(): Promise<DispatchTime[]>;
}

/** A state's buffer. */
export interface Borrowed {
  readonly buffer: GPUBuffer;
  readonly label: string;
  readonly dispatch: ReadyDispatch;
}

interface Ready {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [number, number, number];
  /** What is copied to the texture first. */
  readonly texels?: TexelTextures & { readonly sources: readonly TexelSource[] };
}

/** The textures of a plan whose dispatches read texels. */
export interface TexelTextures {
  readonly texture?: GPUTexture;
  readonly halfTexture?: GPUTexture;
}

/** Allocates the textures of a plan, in an object that is filled as they are made. */
export function makeTextures(
  device: Device,
  { name, plan, made }: {
    name: string;
    plan: ProgramPlan;
    made: { -readonly [K in keyof TexelTextures]: TexelTextures[K] };
  },
): void {
  const label = `${name} texels`;
  if (plan.texelRows > 0) made.texture = device.allocateTexels(plan.texelRows, { label });
  if (plan.halfTexelRows > 0) made.halfTexture = device.allocateTexels(plan.halfTexelRows, { label, half: true });
}

/** Allocates all buffers of a plan and fills those with known contents. */
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
  const pipelines = await Promise.all(
    plan.commands.map((command) =>
      pipelineOf(device, command, bufferOf).catch((error) => Promise.reject(located(error, { command, name })))
    ),
  );
  const jobs = plan.commands.map((command, i): Job => ({ command, pipeline: pipelines[i]!, bufferOf, textures }));
  const ready = await makeAllReady(device, { jobs, name });
  return {
    dispatches: plan.commands.map(describe),
    borrowed: borrowedBuffers(plan.commands),
    encode: (encoder) => encodeAll(encoder, ready),
    time: () => timeAll(device, ready),
  };
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
    texels: dispatch.texels !== undefined,
    ...(command.halves ? { halves: command.halves } : {}),
  });
}

interface Job {
  readonly command: PlannedCommand;
  readonly pipeline: GPUComputePipeline;
  readonly textures: TexelTextures;
  bufferOf(planned: PlannedBuffer): GPUBuffer;
}

/** Makes bind groups, and encodes all dispatches once without running them: what WebGPU has against one is known now, not in the loop. */
async function makeAllReady(device: Device, options: { jobs: readonly Job[]; name: string }): Promise<Ready[]> {
  const { jobs, name } = options;
  const prepare = (some: readonly Job[]) =>
    device.guarded(() => {
      const ready = some.map((job) => makeReady(device, job));
      const encoder = device.gpu.createCommandEncoder({ label: name });
      encodeAll(encoder, ready);
      encoder.finish();
      return ready;
    }, { label: `program ${name}` });
  try {
    return await prepare(jobs);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    // WebGPU does not tell which of them it was: try one at a time.
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

/** A rejection of a kernel with the op and shapes that it was for: many ops may share a kernel. */
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

function makeReady(device: Device, { command, pipeline, bufferOf, textures }: Job): Ready {
  const places = command.uniforms ? [...command.bindings, command.uniforms] : command.bindings;
  const entries: GPUBindGroupEntry[] = places.map((place, binding) => ({
    binding,
    resource: { buffer: bufferOf(place), offset: place.offset, size: Math.ceil(place.bytes / 4) * 4 },
  }));
  const sources = command.texels?.map((place, i) => ({
    buffer: bufferOf(place),
    offset: place.offset,
    bytes: place.bytes,
    row: place.row,
    copied: place.copied,
    half: command.halves?.texels[i] ?? false,
  }));
  for (const format of sources ? texelFormats(command.halves) : []) {
    const texture = (format === "rgba16float" ? textures.halfTexture : textures.texture)!;
    entries.push({ binding: entries.length, resource: texture.createView() });
  }
  const group = device.gpu.createBindGroup({
    label: command.command.dispatch.kernel,
    layout: pipeline.getBindGroupLayout(0),
    entries,
  });
  const { grid } = command.command.dispatch;
  return {
    pipeline,
    group,
    grid,
    ...(sources ? { texels: { ...textures, sources: sources.filter(({ copied }) => copied) } } : {}),
  };
}

function describe(command: PlannedCommand): ReadyDispatch {
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

function encodeAll(encoder: GPUCommandEncoder, ready: readonly Ready[]): void {
  let pass: GPUComputePassEncoder | undefined;
  let current: GPUComputePipeline | undefined;
  for (const command of ready) {
    if (command.texels?.sources.length) {
      pass?.end();
      pass = undefined;
      current = undefined;
      copyTexels(encoder, command.texels);
    }
    pass ??= encoder.beginComputePass();
    if (command.pipeline !== current) pass.setPipeline(command.pipeline);
    current = command.pipeline;
    encodeDispatch(pass, command);
  }
  pass?.end();
}

function encodeDispatch(pass: GPUComputePassEncoder, command: Ready): void {
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
        if (command.texels) copyTexels(encoder, command.texels);
        const pass = encoder.beginComputePass({
          timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
        });
        pass.setPipeline(command.pipeline);
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
