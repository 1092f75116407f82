/**
 * The exceptions of the engine. Bad arguments of an op are `TypeError` and `RangeError`, thrown while the graph is built; what
 * the GPU reports later comes as one of the classes here, never as a line on the console.
 *
 * @module
 */

/** Anything that went wrong on or with the GPU. */
export class EngineError extends Error {
  override name = "EngineError";
}

/** Which op of a program a rejected kernel belongs to. */
export interface RejectedOp {
  /** The op, or the ops of a fused chain: `mul+add+relu`. */
  readonly op: string;
  /** Shapes of its inputs and outputs, for example `[8, 64] [64] -> [8, 64]`. */
  readonly shapes: string;
}

/** WebGPU rejected a shader, a pipeline or a dispatch: a fault of a kernel, named with its shapes. */
export class ValidationError extends EngineError {
  override name = "ValidationError";
  readonly op: string | undefined;
  readonly shapes: string | undefined;
  /** @param kernel Label of the kernel or program that was rejected. */
  constructor(readonly kernel: string, message: string, rejected: Partial<RejectedOp> = {}) {
    super(message);
    this.op = rejected.op;
    this.shapes = rejected.shapes;
  }
}

/** The adapter could not give the memory that was asked for. */
export class OutOfMemoryError extends EngineError {
  override name = "OutOfMemoryError";
  /**
   * @param wanted Bytes that were asked for.
   * @param available Bytes that could be had: what the adapter's limits or the device's budget leave, or what was found by trying.
   */
  constructor(readonly wanted: number, readonly available: number, message: string) {
    super(message);
  }
}

/** The device is gone: a driver reset, an unplugged GPU, or `Device[Symbol.dispose]()` before the work was done. */
export class DeviceLostError extends EngineError {
  override name = "DeviceLostError";
}

/** No WebGPU adapter: there is no GPU driver and no software one either. */
export class NoAdapterError extends EngineError {
  override name = "NoAdapterError";
}

/** The adapter lacks an optional feature of WebGPU that was asked for. */
export class UnsupportedError extends EngineError {
  override name = "UnsupportedError";
}

/** An op produced Inf or NaN while numbers were being checked. */
export class NonFiniteError extends EngineError {
  override name = "NonFiniteError";
  /**
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
