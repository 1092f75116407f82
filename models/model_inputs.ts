/**
 * The inputs of a model written as a function: their shapes by name, of which one axis is the batch.
 *
 * @module
 */
import { input, type InputData, type Shape, sizeOf, type Tensor } from "../runtime/mod.ts";

/** Shape of one input; a shape alone is of floats. */
export type InputSpec = Shape | { readonly shape: Shape; readonly dtype: "f32" | "u32" };

/** The inputs of a model and its loss by name. The first axis of the first one is the batch. */
export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** @throws {TypeError} unless there are inputs, and their names can be those of a program. */
export function requireInputs(inputs: InputSpecs): void {
  const names = Object.keys(inputs);
  if (names.length === 0) throw new TypeError("a trainer needs inputs: name each with its shape");
  const bad = names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (bad !== undefined) throw new TypeError(`input names consist of letters, digits and _, which "${bad}" does not`);
}

/** @throws {RangeError} unless batches can be cut into the micro-batches of a step. */
export function requireParts({ inputs, accumulate = 1 }: { inputs: InputSpecs; accumulate?: number }): void {
  const size = declaredSize(inputs);
  if (size % accumulate === 0) return;
  throw new RangeError(`a batch of ${size} cannot be cut into ${accumulate} micro-batches of one size`);
}

/** Whether an input has the batch axis. */
export function isBatched(inputs: InputSpecs, spec: InputSpec): boolean {
  const { shape } = specOf(spec);
  return shape.length > 0 && shape[0] === declaredSize(inputs);
}

function specOf(spec: InputSpec): { shape: Shape; dtype: "f32" | "u32" } {
  return "shape" in spec ? spec : { shape: spec, dtype: "f32" };
}

/** The size of a batch that inputs are declared with. */
export function declaredSize(inputs: InputSpecs): number {
  return specOf(Object.values(inputs)[0]!).shape[0] ?? 1;
}

/** Declares the inputs, for another size of the batch if one is given. */
export function inputTensors<I extends InputSpecs>(inputs: I, size?: number): { readonly [K in keyof I]: Tensor } {
  const made = Object.entries(inputs).map(([name, spec]) => {
    const { shape, dtype } = specOf(spec);
    const batched = size !== undefined && isBatched(inputs, spec);
    return [name, input(name, { shape: batched ? [size, ...shape.slice(1)] : shape, dtype })];
  });
  return Object.fromEntries(made) as { readonly [K in keyof I]: Tensor };
}

/** The number of samples in a batch, from the first of its inputs that has a batch axis. */
export function batchSizeOf(inputs: InputSpecs, batch: Readonly<Record<string, InputData>>): number {
  const declared = declaredSize(inputs);
  for (const [name, spec] of Object.entries(inputs)) {
    const { shape } = specOf(spec);
    const value = batch[name];
    if (value === undefined || typeof value === "number" || shape[0] !== declared) continue;
    const size = value.length / (sizeOf(shape) / declared);
    if (!Number.isInteger(size) || size === 0) {
      throw new RangeError(
        `input ${name} has ${value.length} values, which is not a positive multiple of the ${
          sizeOf(shape) / declared
        } of one sample`,
      );
    }
    return size;
  }
  return declared;
}
