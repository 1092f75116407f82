/**
 * The engine's exceptions. Bad arguments of an op throw `TypeError` or `RangeError` while the graph is built; errors
 * that the GPU reports later are thrown as one of these classes, never just logged.
 *
 * @module
 */

/** Any failure on or of the GPU. */
export class EngineError extends Error {
  /** Name of the class. */
  override name = "EngineError";
}

/** Which op of a program a rejected kernel belongs to. */
export interface RejectedOp {
  /** The op, or the ops of a fused chain: `mul+add+relu`. */
  readonly op: string;
  /** Shapes of its inputs and outputs, for example `[8, 64] [64] -> [8, 64]`. */
  readonly shapes: string;
}

/** WebGPU rejected a shader, a pipeline or a dispatch; names the kernel and its shapes. */
export class ValidationError extends EngineError {
  /** Name of the class. */
  override name = "ValidationError";
  /** The op that was rejected, if known. */
  readonly op: string | undefined;
  /** Shapes of the op's inputs and outputs, if known. */
  readonly shapes: string | undefined;
  /**
   * Names the rejected kernel and, if known, its op.
   *
   * @param kernel Label of the kernel or program that was rejected.
   */
  constructor(readonly kernel: string, message: string, rejected: Partial<RejectedOp> = {}) {
    super(message);
    this.op = rejected.op;
    this.shapes = rejected.shapes;
  }
}

/** A requested allocation exceeds the available GPU memory. */
export class OutOfMemoryError extends EngineError {
  /** Name of the class. */
  override name = "OutOfMemoryError";
  /**
   * Names the bytes wanted and available.
   *
   * @param wanted Requested bytes.
   * @param available Available bytes: what the adapter's limits or the device's budget leave, or an estimate by trial
   * allocations.
   */
  constructor(readonly wanted: number, readonly available: number, message: string) {
    super(message);
  }
}

/** The device is lost: a driver reset, an unplugged GPU, or `Device[Symbol.dispose]()` before the work was finished. */
export class DeviceLostError extends EngineError {
  /** Name of the class. */
  override name = "DeviceLostError";
}

/** No WebGPU adapter: neither a GPU driver nor a software driver is installed. */
export class NoAdapterError extends EngineError {
  /** Name of the class. */
  override name = "NoAdapterError";
}

/** The adapter lacks a requested optional WebGPU feature. */
export class UnsupportedError extends EngineError {
  /** Name of the class. */
  override name = "UnsupportedError";
}

/** An op produced Inf or NaN in a program compiled with `checkNumerics`. */
export class NonFiniteError extends EngineError {
  /** Name of the class. */
  override name = "NonFiniteError";
  /**
   * Names the op, the step and the place.
   *
   * @param op Name of the first op, in execution order, with a non-finite result.
   * @param step Step of the run in which it happened.
   * @param details.shape Shape of that result.
   * @param details.site Where the op was applied: file, line and column.
   */
  constructor(
    readonly op: string,
    readonly step: number,
    message: string,
    readonly details: { readonly shape?: readonly number[]; readonly site?: string } = {},
  ) {
    super(message);
  }
}

/** The engine's error for one that WebGPU reported during work. */
export function toEngineError(error: GPUError, label: string): Error {
  if (typeof GPUOutOfMemoryError !== "undefined" && error instanceof GPUOutOfMemoryError) {
    return new OutOfMemoryError(0, 0, `out of GPU memory in ${label}: use a smaller batch`);
  }
  if (typeof GPUInternalError !== "undefined" && error instanceof GPUInternalError) {
    return new EngineError(`the GPU's driver failed in ${label}: ${error.message}`);
  }
  return new ValidationError(label, `WebGPU rejected ${label}: ${error.message}`);
}

/** The error for an allocation that the adapter refused. */
export function outOfMemory(label: string, options: { wanted: number; available: number }): OutOfMemoryError {
  const { wanted, available } = options;
  return new OutOfMemoryError(
    wanted,
    available,
    `out of GPU memory: ${label} wants ${wanted} bytes, and about ${available} are available; use a smaller batch`,
  );
}
