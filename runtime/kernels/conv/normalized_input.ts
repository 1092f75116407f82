/**
 * Batch norm applied to a convolution's input as it is fetched: the kernel reads x and computes
 * y = x * scale + shift, or max(y, 0), so that y is never stored. For kernels on tiles, which fetch each element once
 * for many multiplications.
 *
 * @module
 */
import type { KernelValues } from "../expand.ts";
import { type Operands, reads } from "../operands.ts";

/** An operand that is a batch norm of what lies in memory. */
export interface NormalizedInput {
  /** The operand's position among the op's inputs. */
  readonly position: number;
  /** Whether negative results become 0. */
  readonly relu: boolean;
  /** The op's input that is the scale [channels]; the shift follows. */
  readonly firstInput: number;
}

/** What it adds to a kernel. */
export function normalizedParts(
  normalized: NormalizedInput | undefined,
): { values: KernelValues; operands: Operands; name: string } {
  const position = normalized?.position;
  const values = { NORMALIZES: position !== undefined, NORMALIZED: position === 0, B_NORMALIZED: position === 1 };
  if (!normalized) return { values: { ...values, INPUT_RELU: false }, operands: {}, name: "" };
  const { relu, firstInput } = normalized;
  return {
    values: { ...values, INPUT_RELU: relu },
    operands: {
      input_scale: reads({ input: firstInput }, "vec4f"),
      input_shift: reads({ input: firstInput + 1 }, "vec4f"),
    },
    name: "-norm",
  };
}
