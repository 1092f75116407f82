/**
 * The one owner of the GPU: adapter, queue, pipelines, buffers, and every error that WebGPU reports.
 *
 * WebGPU validates asynchronously and silently; a fault that nobody catches only shows as zeros in the result. `Device` therefore
 * collects every uncaptured error and throws it at the next point where the caller waits ({@link Device.check}), names the kernel, and
 * turns the loss of the device into a {@link DeviceLostError}.
 *
 * @module
 */
import { DeviceLostError, NoAdapterError, OutOfMemoryError, ValidationError } from "./errors.ts";
import type { Profile, Target, Tuner } from "./kernel.ts";
import { createPipeline, pipelineKey, type PipelineSource } from "./pipeline.ts";
import { prepareEnvironment, wantedFeatures } from "./platform.ts";

/** How to open a device. */
export interface DeviceOptions {
  /** Kernel profile; by default `software` on a fallback adapter (llvmpipe, SwiftShader, WARP) and `gpu` elsewhere. */
  readonly profile?: Profile;
  /** Measured choices between kernel variants. */
  readonly tuner?: Tuner;
}

/** An open GPU device. Dispose of it (`using device = await Device.open()`) to free all of its memory. */
export class Device implements Disposable {
  /** Bytes of GPU buffers that are allocated now through {@link Device.allocate}. */
  allocatedBytes = 0;
  /** Number of buffers that are allocated now. */
  allocatedBuffers = 0;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #errors: Error[] = [];
  #lost: DeviceLostError | undefined;
  #disposed = false;

  private constructor(
    readonly gpu: GPUDevice,
    /** What the adapter calls itself, for example `llvmpipe (LLVM 15.0.6, 256 bits)`. */
    readonly description: string,
    /** True for an adapter that runs on the CPU. */
    readonly isFallback: boolean,
    readonly target: Target,
  ) {
    gpu.addEventListener("uncapturederror", (event: Event) => {
      this.#errors.push(toEngineError((event as Event & { error: GPUError }).error, "a WebGPU call", 0));
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
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    prepareEnvironment();
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) {
      throw new NoAdapterError(
        "no WebGPU adapter: install a Vulkan driver (on Debian or Ubuntu the software one is `apt-get install mesa-vulkan-drivers`; " +
          "`deno task setup` does it)",
      );
    }
    const features = wantedFeatures(adapter);
    const gpu = await adapter.requestDevice({
      requiredFeatures: features,
      requiredLimits: adapterLimits(adapter),
    });
    const isFallback = isFallbackAdapter(adapter);
    const target: Target = {
      profile: options.profile ?? (isFallback ? "software" : "gpu"),
      subgroups: features.includes("subgroups" as GPUFeatureName),
      maxWorkgroupStorage: gpu.limits.maxComputeWorkgroupStorageSize,
      maxInvocations: gpu.limits.maxComputeInvocationsPerWorkgroup,
      maxBindingBytes: gpu.limits.maxStorageBufferBindingSize,
      maxStorageBuffers: gpu.limits.maxStorageBuffersPerShaderStage,
      ...(options.tuner ? { tuner: options.tuner } : {}),
    };
    return new Device(gpu, adapter.info.description || adapter.info.vendor || "unnamed adapter", isFallback, target);
  }

  /** True when GPU timestamps can be taken. */
  get hasTimestamps(): boolean {
    return this.gpu.features.has("timestamp-query");
  }

  /**
   * Allocates a buffer of zeros.
   *
   * @throws {OutOfMemoryError} when the size is over the adapter's limit; memory that runs out later is reported by {@link check}.
   */
  allocate(bytes: number, options: { label: string; usage: GPUBufferUsageFlags }): GPUBuffer {
    this.#throwIfGone();
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const limit = this.gpu.limits.maxBufferSize;
    if (size > limit) {
      throw new OutOfMemoryError(
        size,
        limit,
        `${options.label} needs ${size} bytes, but a buffer has at most ${limit} here`,
      );
    }
    const buffer = this.gpu.createBuffer({ size, label: options.label, usage: options.usage });
    this.allocatedBytes += size;
    this.allocatedBuffers++;
    return buffer;
  }

  /** Frees a buffer made by {@link allocate}. */
  free(buffer: GPUBuffer): void {
    this.allocatedBytes -= buffer.size;
    this.allocatedBuffers--;
    buffer.destroy();
  }

  /**
   * The compiled pipeline of a kernel, made once for each text, set of constants and binding layout.
   *
   * @throws {ValidationError} naming the kernel, with the compiler's message, line and column.
   */
  pipeline(source: PipelineSource): Promise<GPUComputePipeline> {
    const key = pipelineKey(source);
    let made = this.#pipelines.get(key);
    if (!made) {
      made = createPipeline(this.gpu, source);
      this.#pipelines.set(key, made);
      made.catch(() => this.#pipelines.delete(key));
    }
    return made;
  }

  /** Number of distinct pipelines made so far. */
  get pipelineCount(): number {
    return this.#pipelines.size;
  }

  /**
   * Runs `work`, and throws what WebGPU's validation or memory management had to say about it.
   *
   * @param label Names the work in the exception.
   * @param bytes Bytes that the work allocates, for the out-of-memory message.
   */
  async guarded<T>(work: () => T, options: { label: string; bytes?: number }): Promise<T> {
    this.#throwIfGone();
    this.gpu.pushErrorScope("validation");
    this.gpu.pushErrorScope("out-of-memory");
    let result: T;
    let scopes: (GPUError | null)[];
    try {
      result = work();
    } finally {
      scopes = await Promise.all([this.gpu.popErrorScope(), this.gpu.popErrorScope()]);
    }
    for (const error of scopes) if (error) throw toEngineError(error, options.label, options.bytes ?? 0);
    return result;
  }

  /** Throws the first error that WebGPU reported since the last call, and a {@link DeviceLostError} if the device is gone. */
  check(): void {
    this.#throwIfGone();
    const first = this.#errors.shift();
    this.#errors.length = 0;
    if (first) throw first;
  }

  /**
   * Copies `bytes` bytes of a buffer to the host. Costs 11 ms and more in Deno, and blocks the thread: never once a step.
   *
   * @throws {DeviceLostError} if the device was lost on the way.
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
      this.gpu.queue.submit([encoder.finish()]);
      try {
        await staging.mapAsync(GPUMapMode.READ, 0, size);
      } catch (cause) {
        await Promise.resolve();
        this.check();
        throw new DeviceLostError(`reading ${size} bytes from the GPU failed: ${(cause as Error).message}`);
      }
      const copy = staging.getMappedRange(0, size).slice(0, options.bytes);
      staging.unmap();
      this.check();
      return copy;
    } finally {
      this.free(staging);
    }
  }

  /** Waits until the GPU has done all that was submitted, then reports errors as {@link check} does. */
  async finish(): Promise<void> {
    await this.gpu.queue.onSubmittedWorkDone();
    this.check();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.gpu.destroy();
  }

  #throwIfGone(): void {
    if (this.#disposed) throw new DeviceLostError("this Device has been disposed of; open a new one");
    if (this.#lost) throw this.#lost;
  }
}

function adapterLimits(adapter: GPUAdapter): Record<string, number> {
  const { limits } = adapter;
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
    maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
  };
}

function isFallbackAdapter(adapter: GPUAdapter): boolean {
  const info = adapter.info as GPUAdapterInfo & { isFallbackAdapter?: boolean };
  return info.isFallbackAdapter ?? /llvmpipe|swiftshader|lavapipe|warp/i.test(info.description);
}

function toEngineError(error: GPUError, label: string, bytes: number): Error {
  if (typeof GPUOutOfMemoryError !== "undefined" && error instanceof GPUOutOfMemoryError) {
    return new OutOfMemoryError(bytes, 0, `out of GPU memory in ${label} (${bytes} bytes wanted): use a smaller batch`);
  }
  return new ValidationError(label, `WebGPU rejected ${label}: ${error.message}`);
}
