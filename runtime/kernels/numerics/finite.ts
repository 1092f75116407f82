/**
 * Lowerings of the watch for values that are not finite.
 *
 * @module
 */
import { DEFAULT_LANES } from "../declarations.ts";
import checkText from "../../../shaders/numerics/finite_check.wgsl" with { type: "text" };
import recordText from "../../../shaders/numerics/finite_record.wgsl" with { type: "text" };
import { type Dispatch, gridFor, raw, reads, updates } from "../kernel.ts";

const VALUES = 64;
/**
 * Checks that one invocation of the record's kernel goes through: lavapipe silently ends loops after 65,535 iterations.
 */
const MAX_CHECKS = 60_000;

/**
 * Words of the record: the current step (2), the failed step (2), number of the check + 1, index of the value, whether
 * it is NaN.
 */
export const RECORD_WORDS = 7;

/**
 * Looks through `count` f32 values, for NaN only on request. Input: the values; output: two words a check, zero before.
 */
export function lowerFiniteCheck(options: { count: number; check: number; nanOnly?: boolean }): Dispatch {
  const { count, check, nanOnly = false } = options;
  return {
    kernel: "finite_check",
    code: checkText,
    values: { VALUES },
    uniforms: { count, check, nan_only: Number(nanOnly) },
    operands: { values: reads({ input: 0 }, "u32"), found: raw({ output: 0 }, "atomic<u32>", "read_write") },
    grid: gridFor(Math.ceil(count / DEFAULT_LANES / VALUES)),
    bytes: count * 4,
  };
}

/**
 * Records the first failure. Input: two words a check; output: the record, {@link RECORD_WORDS} words.
 *
 * @throws {RangeError} for more checks than can be gone through.
 */
export function lowerFiniteRecord(options: { checks: number }): Dispatch {
  const { checks } = options;
  if (checks > MAX_CHECKS) throw new RangeError(`at most ${MAX_CHECKS} values a run can be watched, got ${checks}`);
  return {
    kernel: "finite_record",
    code: recordText,
    lanes: 1,
    uniforms: { checks },
    operands: { found: reads({ input: 0 }, "vec2u"), record: updates({ output: 0 }, "u32") },
    grid: [1, 1, 1],
  };
}
