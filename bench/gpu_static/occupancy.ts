/**
 * How many warps a multiprocessor can hold of a kernel, from the registers and workgroup memory that it takes.
 *
 * @module
 */
import type { MachineProgram } from "./disassembly.ts";

/**
 * Occupancy of an RDNA2 SIMD in waves of 64 lanes, at most 16 (512 vector registers of 64 lanes; 128 KiB of workgroup
 * memory for four SIMDs).
 */
export function rdnaWaves({ statistics }: MachineProgram, threads: number): number {
  const registers = Math.max(16, Math.ceil((statistics["VGPRs"] ?? 1) / 16) * 16);
  const waves = Math.max(1, Math.ceil(threads / 64));
  const memory = statistics["LDS size"] ?? 0;
  const byMemory = memory ? Math.floor(131_072 / memory) * waves / 4 : 16;
  return Math.min(16, Math.floor(512 / registers), byMemory);
}

/**
 * Occupancy of an NVIDIA multiprocessor in warps of 32 threads, at most 64, assuming that its compiler needs as many
 * registers as AMD's (65,536 registers, at most 255 per thread; 100 KiB of workgroup memory).
 */
export function nvidiaWarps({ statistics }: MachineProgram, threads: number): number {
  const registers = Math.min(255, Math.ceil(((statistics["VGPRs"] ?? 1) + 8) / 8) * 8);
  const warps = Math.max(1, Math.ceil(threads / 32));
  const workgroups = Math.min(
    32,
    Math.floor(65_536 / (registers * 32 * warps)),
    Math.floor(102_400 / ((statistics["LDS size"] ?? 0) + 1024)),
    Math.floor(64 / warps),
  );
  return workgroups * warps;
}
