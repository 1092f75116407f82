/**
 * A compiled kernel, as the static figures judge it.
 *
 * @module
 */
import type { MachineProgram } from "./disassembly.ts";

/** A kernel of the step and its compiled program. */
export interface StaticKernel {
  readonly kernel: string;
  readonly threads: number;
  readonly program: MachineProgram;
}
