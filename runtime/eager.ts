/**
 * Eager use: computing a tensor at once. The same path as a training step, with a program that is kept for the next time.
 *
 * @module
 */
import { compile } from "./compile.ts";
import { Device } from "./device.ts";
import type { Tensor } from "./tensor.ts";

let shared: Promise<Device> | undefined;

/** The device that eager reads use unless they are given another; opened at the first use. */
export function defaultDevice(): Promise<Device> {
  shared ??= Device.open().catch((error) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

/** Frees the default device, if it was ever opened; the next eager read opens another. */
export async function closeDefaultDevice(): Promise<void> {
  const device = await shared;
  shared = undefined;
  device?.[Symbol.dispose]();
}

/**
 * Computes a tensor and copies it to the host. Pipelines are shared with everything else that runs on the device.
 *
 * @throws {TypeError} where the tensor depends on an `input()`, which only a program has.
 *
 * @example
 * ```ts
 * import { add, closeDefaultDevice, read, tensor } from "../mod.ts";
 *
 * await read(add(tensor([1, 2]), 10)); // [11, 12]
 * await closeDefaultDevice();
 * ```
 */
export async function read(x: Tensor, options: { device?: Device } = {}): Promise<Float32Array> {
  const device = options.device ?? await defaultDevice();
  using program = await compile(device, () => ({ outputs: { x } }), { name: `read ${x.node.op.name}` });
  program.run();
  const [data] = await program.read("x");
  return data!;
}
