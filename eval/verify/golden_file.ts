/**
 * Reads golden values: safetensors files whose metadata lists cases by the names of their tensors.
 *
 * @module
 */
import { z } from "zod";
import { DataError } from "../../base/errors.ts";
import { readRegular } from "../../base/regular_file.ts";
import { decodeSafetensors, SafetensorsError, toFloat32 } from "../../runtime/mod.ts";

const GOLDEN = { maxBytes: 2 ** 30, kind: "a file of golden values" };

/** Description of a case in the header of ops.safetensors. */
export const opCaseSchema = z.object({
  id: z.string(),
  op: z.string(),
  attrs: z.record(z.string(), z.unknown()),
  inputs: z.record(z.string(), z.string()),
  outputs: z.array(z.string()),
  grad_outputs: z.array(z.string()),
  grad_inputs: z.record(z.string(), z.string()),
});

/** One case of ops.safetensors. */
export type GoldenOpCase = z.infer<typeof opCaseSchema>;

/** A golden tensor. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A file of golden values. */
export interface GoldenFile<C> {
  readonly cases: readonly C[];
  /** @throws {DataError} if the file has no such tensor. */
  tensor(name: string): GoldenTensor;
}

/**
 * Reads a golden file.
 *
 * @param schema Schema of a case.
 * @throws {DataError} naming the file and the fault.
 */
export async function readGoldenFile<C>(path: string, schema: z.ZodType<C>): Promise<GoldenFile<C>> {
  let bytes: Uint8Array;
  try {
    bytes = await readRegular(path, GOLDEN);
  } catch (error) {
    throw new DataError(`${path} cannot be read (${(error as Error).message}): name a directory of golden values`);
  }
  try {
    const file = decodeSafetensors(bytes);
    const cases = z.array(schema).min(1).parse(JSON.parse(file.metadata.get("cases") ?? "null"));
    return {
      cases,
      tensor(name) {
        const found = file.tensors.get(name);
        if (!found) throw new DataError(`${path} has no tensor ${name}, which one of its cases names`);
        return { shape: found.shape, data: toFloat32(found) };
      },
    };
  } catch (error) {
    if (error instanceof z.ZodError) {
      const [issue] = error.issues;
      throw new DataError(
        `${path}: its cases are not as FORMAT.md says, at ${issue?.path.join(".")}: ${issue?.message}`,
      );
    }
    if (error instanceof SafetensorsError || error instanceof SyntaxError) {
      throw new DataError(`${path}: ${error.message}`);
    }
    throw error;
  }
}

/** ||got - want|| / ||want||, or the absolute error if ||want|| is 0; Infinity for NaN or different lengths. */
export function relativeNorm(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Infinity;
  let error = 0;
  let size = 0;
  for (let i = 0; i < want.length; i++) {
    error += (got[i]! - want[i]!) ** 2;
    size += want[i]! ** 2;
  }
  const relative = Math.sqrt(error) / (size === 0 ? 1 : Math.sqrt(size));
  return Number.isNaN(relative) ? Infinity : relative;
}
