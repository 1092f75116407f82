/**
 * Owns the GPU: adapter, queue, pipelines, buffers, and all error handling.
 *
 * WebGPU validates asynchronously and silently: an error that nobody handles only shows as zeros in the result.
 * `Device` therefore collects all uncaptured errors and throws them at the next point where the caller waits ({@link
 * Device.check}), names the kernel, and reports the loss of the device as a {@link DeviceLostError}.
 *
 * @module
 */
import { adapterName, isFallbackAdapter, requestDevice } from "./adapter.ts";
import {
  DeviceLostError,
  EngineError,
  NoAdapterError,
  outOfMemory,
  OutOfMemoryError,
  toEngineError,
} from "./errors.ts";
import type { Profile, Target, Tuner } from "../kernels/kernel.ts";
import { createPipeline, pipelineKey, type PipelineSource } from "./pipeline.ts";
import { prepareEnvironment, readsTexels, smallestSubgroup, softwareTuner } from "./platform.ts";
import { TEXEL_ROW, texelBytes, texelTexture } from "../kernels/texels.ts";

/** A tuner that a device may be opened with. */
export interface DeviceTuner extends Tuner {
  /**
   * Measures the choices that are still open; true if any of them changed. Called between planning and compiling a
   * program.
   */
  settle?(device: Device): Promise<boolean>;
}

/** How to open a device. */
export interface DeviceOptions {
  /** Kernel profile; by default `software` on a fallback adapter (llvmpipe, SwiftShader, WARP) and `gpu` elsewhere. */
  readonly profile?: Profile;
  /** Measured choices between kernel variants, or a function that finds them for the adapter of this name. */
  readonly tuner?: DeviceTuner | ((adapter: string) => Promise<DeviceTuner>);
  /** Memory budget in bytes, for a GPU that is shared with others; unlimited by default. */
  readonly memoryLimit?: number;
}

/** An open GPU device. Dispose of it (`using device = await Device.open()`) to free all of its memory. */
export class Device implements Disposable {
  /** Bytes of GPU memory currently allocated through this device. */
  allocatedBytes = 0;
  /** Number of buffers currently allocated. */
  allocatedBuffers = 0;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #errors: Error[] = [];
  readonly #freed = new WeakSet<GPUBuffer>();
  /** Pending results of error scopes. */
  readonly #answers = new Set<Promise<void>>();
  #lost: DeviceLostError | undefined;
  #disposed = false;

  private constructor(
    readonly gpu: GPUDevice,
    /** The adapter's description, for example `llvmpipe (LLVM 15.0.6, 256 bits)`. */
    readonly description: string,
    /** True for an adapter that runs on the CPU. */
    readonly isFallback: boolean,
    readonly target: Target,
    private readonly options: { readonly memoryLimit: number; readonly tuner: DeviceTuner | undefined },
  ) {
    gpu.addEventListener("uncapturederror", (event: Event) => {
      this.#errors.push(toEngineError((event as Event & { error: GPUError }).error, "a WebGPU call"));
    });
    gpu.lost.then((info) => {
      this.#lost = new DeviceLostError(
        `the GPU device was lost (${info.reason || "unknown"}): ${
          info.message || "no message"
        }; open a new Device and ` +
          `restore the last checkpoint`,
      );
    });
  }

  /**
   * Opens the default adapter with all of its limits and the features that kernels can use.
   *
   * @throws {NoAdapterError} if there is no Vulkan, Metal or Direct3D driver.
   * @throws {EngineError} if the driver does not provide a device.
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    prepareEnvironment();
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) {
      throw new NoAdapterError(
        "no WebGPU adapter: install a Vulkan driver (on Debian or Ubuntu the software one is " +
          "`apt-get install mesa-vulkan-drivers`; `deno task setup` does it)",
      );
    }
    const description = adapter.info.description || adapter.info.vendor || "unnamed adapter";
    let gpu: GPUDevice;
    try {
      gpu = await requestDevice(adapter);
    } catch (cause) {
      throw new EngineError(`the adapter ${description} gives no device: ${(cause as Error).message}`, { cause });
    }
    const isFallback = isFallbackAdapter(adapter);
    const profile = options.profile ?? (isFallback ? "software" : "gpu");
    const given = options.tuner;
    const tuner = typeof given === "function"
      ? await given(adapterName(adapter, { description, profile }))
      : given ?? (profile === "software" ? softwareTuner() : undefined);
    const target: Target = {
      profile,
      maxBindingBytes: gpu.limits.maxStorageBufferBindingSize,
      maxStorageBuffers: gpu.limits.maxStorageBuffersPerShaderStage,
      subgroups: smallestSubgroup(gpu, adapter),
      maxTexels: readsTexels(profile) ? TEXEL_ROW * gpu.limits.maxTextureDimension2D : 0,
      ...(tuner ? { tuner } : {}),
    };
    const { memoryLimit = Infinity } = options;
    return new Device(gpu, description, isFallback, target, { memoryLimit, tuner });
  }

  /** True when kernels can read and write float16, which programs of precision `f16` need. */
  get hasHalf(): boolean {
    return this.gpu.features.has("shader-f16");
  }

  /** True when GPU timestamps can be taken. */
  get hasTimestamps(): boolean {
    return this.gpu.features.has("timestamp-query");
  }

  /**
   * Allocates a buffer of zeros.
   *
   * @throws {OutOfMemoryError} when the size is over the adapter's limit or the device's budget. If the driver itself
   * runs out of memory, {@link settle} and later calls of {@link check} throw.
   */
  allocate(bytes: number, options: { label: string; usage: GPUBufferUsageFlags }): GPUBuffer {
    this.#throwIfGone();
    const { label } = options;
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const limit = this.gpu.limits.maxBufferSize;
    if (size > limit) {
      throw new OutOfMemoryError(size, limit, `${label} needs ${size} bytes, but a buffer has at most ${limit} here`);
    }
    this.requireMemory(size, label);
    const buffer = this.#noted("out-of-memory", {
      work: () => this.gpu.createBuffer({ size, label, usage: options.usage }),
      toError: async () => outOfMemory(label, { wanted: size, available: await this.#largestFree(size) }),
    });
    this.allocatedBytes += size;
    this.allocatedBuffers++;
    return buffer;
  }

  /**
   * Checks an allocation against the device's memory budget.
   *
   * @throws {OutOfMemoryError} with the remaining bytes.
   */
  requireMemory(bytes: number, label: string): void {
    const available = this.options.memoryLimit - this.allocatedBytes;
    if (bytes > available) throw outOfMemory(label, { wanted: bytes, available });
  }

  /** Frees a buffer made by {@link allocate}. */
  free(buffer: GPUBuffer): void {
    this.allocatedBytes -= buffer.size;
    this.allocatedBuffers--;
    this.#freed.add(buffer);
    buffer.destroy();
  }

  /**
   * Allocates the texture that a program's dispatches read texels from; see `texels.ts`.
   *
   * @throws {OutOfMemoryError} as {@link allocate} does.
   */
  allocateTexels(rows: number, { label, half = false }: { label: string; half?: boolean }): GPUTexture {
    this.#throwIfGone();
    const bytes = texelBytes(rows, { half });
    this.requireMemory(bytes, label);
    const texture = this.#noted("out-of-memory", {
      work: () => texelTexture(this.gpu, { rows, label, half }),
      toError: async () => outOfMemory(label, { wanted: bytes, available: await this.#largestFree(bytes) }),
    });
    this.allocatedBytes += bytes;
    return texture;
  }

  /** Frees a texture made by {@link allocateTexels}. */
  freeTexels(texture: GPUTexture): void {
    this.allocatedBytes -= texelBytes(texture.height, { half: texture.format === "rgba16float" });
    texture.destroy();
  }

  /** True for a buffer that {@link free} has freed. */
  isFreed(buffer: GPUBuffer): boolean {
    return this.#freed.has(buffer);
  }

  /** Submits commands; WebGPU's errors are thrown, with the label, by the next {@link check}. */
  submit(encoder: GPUCommandEncoder, label: string): void {
    this.#noted("validation", {
      work: () => this.gpu.queue.submit([encoder.finish()]),
      toError: (error) => toEngineError(error, label),
    });
  }

  /**
   * The compiled pipeline of a kernel, cached by source text, constants and binding layout.
   *
   * @throws {ValidationError} naming the kernel, with the compiler's message, line and column.
   * @throws {DeviceLostError} if the device was lost, which makes every compilation fail.
   */
  pipeline(source: PipelineSource): Promise<GPUComputePipeline> {
    const key = pipelineKey(source);
    let made = this.#pipelines.get(key);
    if (!made) {
      made = this.#compiled(source);
      this.#pipelines.set(key, made);
      made.catch(() => this.#pipelines.delete(key));
    }
    return made;
  }

  async #compiled(source: PipelineSource): Promise<GPUComputePipeline> {
    try {
      const pipeline = await createPipeline(this.gpu, source);
      // Browsers create pipelines on lost devices without an error.
      this.#throwIfGone();
      return pipeline;
    } catch (error) {
      await this.#waitForLoss();
      this.#throwIfGone();
      throw error;
    }
  }

  /** Lets the tuner measure the choices that are still open; true if any of them changed. */
  async settleTuner(): Promise<boolean> {
    return await this.options.tuner?.settle?.(this) ?? false;
  }

  /** Number of distinct pipelines so far. */
  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  /**
   * Runs `work` and throws the errors of WebGPU's validation, memory management or driver that it causes.
   *
   * @param label Names the work in the exception.
   */
  async guarded<T>(work: () => T, options: { label: string }): Promise<T> {
    this.#throwIfGone();
    const { label } = options;
    const filters = ["internal", "out-of-memory", "validation"] as const;
    for (const filter of filters) this.gpu.pushErrorScope(filter);
    let result: T;
    let errors: (GPUError | null)[];
    try {
      result = work();
    } finally {
      errors = await Promise.all(filters.map(() => this.gpu.popErrorScope()));
    }
    // Errors of allocations come first: the others are consequences.
    await this.settle();
    for (const error of errors.reverse()) if (error) throw toEngineError(error, label);
    return result;
  }

  /**
   * Waits until WebGPU has validated everything so far (not until the GPU has executed it), and throws as {@link
   * check} does.
   */
  async settle(): Promise<void> {
    await Promise.all(this.#answers);
    this.check();
  }

  /**
   * Throws the first error that WebGPU reported since the last call, and a {@link DeviceLostError} if the device is
   * gone.
   */
  check(): void {
    this.#throwIfGone();
    const first = this.#errors.shift();
    this.#errors.length = 0;
    if (first) throw first;
  }

  /**
   * Copies `bytes` bytes of a buffer to the host. Takes at least 11 ms in Deno and blocks the thread, so never call
   * it at every step.
   *
   * @throws {DeviceLostError} if the device is lost meanwhile.
   */
  async readBuffer(buffer: GPUBuffer, options: { offset?: number; bytes: number }): Promise<ArrayBuffer> {
    this.check();
    const size = Math.ceil(options.bytes / 4) * 4;
    const staging = this.allocate(size, {
      label: "readback",
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = this.gpu.createCommandEncoder({ label: "readback" });
      encoder.copyBufferToBuffer(buffer, options.offset ?? 0, staging, 0, size);
      this.submit(encoder, `a readback of ${size} bytes`);
      try {
        await staging.mapAsync(GPUMapMode.READ, 0, size);
      } catch (cause) {
        await this.#waitForLoss();
        await this.settle();
        throw new EngineError(`reading ${size} bytes from the GPU failed: ${(cause as Error).message}`, { cause });
      }
      const copy = staging.getMappedRange(0, size).slice(0, options.bytes);
      staging.unmap();
      await this.settle();
      return copy;
    } finally {
      this.free(staging);
    }
  }

  /** Waits until the GPU has executed all submitted work, then reports errors as {@link check} does. */
  async finish(): Promise<void> {
    await this.gpu.queue.onSubmittedWorkDone();
    await this.settle();
  }

  /** Destroys the device and everything allocated on it. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.gpu.destroy();
  }

  #throwIfGone(): void {
    if (this.#disposed) throw new DeviceLostError("this Device has been disposed of; open a new one");
    if (this.#lost) throw this.#lost;
  }

  /** Runs `work` and records the error of one kind that it causes. */
  #noted<T>(
    filter: GPUErrorFilter,
    options: { work: () => T; toError: (error: GPUError) => Error | Promise<Error> },
  ): T {
    this.gpu.pushErrorScope(filter);
    try {
      return options.work();
    } finally {
      const answer = this.#note(this.gpu.popErrorScope(), options.toError);
      this.#answers.add(answer);
      answer.finally(() => this.#answers.delete(answer));
    }
  }

  async #note(
    popped: Promise<GPUError | null>,
    toError: (error: GPUError) => Error | Promise<Error>,
  ): Promise<void> {
    // A lost device does not answer, or rejects the promise.
    const error = await popped.catch(() => null);
    if (error) this.#errors.push(await toError(error));
  }

  /**
   * Estimates the largest buffer that can be allocated after one of `wanted` bytes failed, by bisection: WebGPU does
   * not report the available memory.
   */
  async #largestFree(wanted: number): Promise<number> {
    let fits = 0;
    let fails = wanted;
    for (let round = 0; round < 8; round++) {
      const size = Math.floor((fits + fails) / 8) * 4;
      if (size === 0) break;
      this.gpu.pushErrorScope("out-of-memory");
      const trial = this.gpu.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
      const error = await this.gpu.popErrorScope().catch(() => null);
      trial.destroy();
      if (error) fails = size;
      else fits = size;
    }
    return fits;
  }

  /** The loss of a device is announced some time after the failures that it causes. */
  async #waitForLoss(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = new Promise((resolve) => timer = setTimeout(resolve, LOSS_WAIT_MILLISECONDS));
    await Promise.race([this.gpu.lost, wait]);
    clearTimeout(timer);
  }
}

/** Longest wait for the announcement of a device loss after a failure that it would explain. */
const LOSS_WAIT_MILLISECONDS = 100;
