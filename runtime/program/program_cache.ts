/**
 * Caches of compiled programs, for example for batches of different sizes.
 *
 * @module
 */
import { compile, type CompileOptions, type ProgramResults } from "./compile.ts";
import type { Device } from "../device/device.ts";
import type { Program } from "./program.ts";

/** A program that is compiled or being compiled. */
interface Entry {
  readonly promise: Promise<Program>;
  /** The program, once it is compiled. */
  program?: Program;
}

/** Programs by key. Keys are compared as whole strings. */
export class ProgramCache implements Disposable {
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  /**
   * An empty cache.
   *
   * @param capacity Largest number of programs; beyond it the least recently used one is disposed of.
   */
  constructor(readonly capacity: number) {
    if (!(capacity >= 1)) throw new RangeError(`a cache of programs holds at least one, got ${capacity}`);
  }

  /** Number of cached programs. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The program of a key, created by `make` if it is not cached. Failures are not cached: the next call tries again.
   */
  get(key: string, make: () => Promise<Program>): Promise<Program> {
    const entry = this.#entries.get(key) ?? this.#begin(key, make);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.capacity) break;
      this.delete(oldest);
    }
    return entry.promise;
  }

  #begin(key: string, make: () => Promise<Program>): Entry {
    const entry: Entry = { promise: make() };
    entry.promise.then((program) => entry.program = program, () => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }

  /** Disposes of a program if it is cached; one that is still being compiled is disposed of afterwards. */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry?.program) entry.program[Symbol.dispose]();
    else entry?.promise.then((program) => program[Symbol.dispose](), () => {});
  }

  /** Disposes of all programs. */
  [Symbol.dispose](): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}

/** The parameters of a program's variants: sizes, shapes, switches. */
export type Variant = string | number | boolean | null | readonly Variant[] | { readonly [name: string]: Variant };

/** The result of {@link programVariants}. Dispose of it to dispose of the programs. */
export interface ProgramVariants<V extends Variant> extends Disposable {
  /**
   * The program of a variant, compiled at the first call. It may be disposed of once other variants fill the cache,
   * so call this at every step.
   */
  get(variant: V): Promise<Program>;
  /** Number of cached programs. */
  readonly size: number;
}

/**
 * Compiles a function once per variant.
 *
 * @param build Builds the graph of one variant; see {@link compile}.
 * @param options.capacity Number of programs to cache, 16 by default; each holds its own activations in memory.
 *
 * @example
 * ```ts
 * import { Device, input, mean, programVariants } from "../../mod.ts";
 *
 * using device = await Device.open();
 * using programs = programVariants(device, ({ batch }: { batch: number }) => {
 *   const x = input("x", { shape: [batch, 4] });
 *   return { outputs: { mean: mean(x, { axes: 0 }) } };
 * });
 * for (const batch of [32, 32, 7]) { // the last batch of an epoch is smaller
 *   const program = await programs.get({ batch }); // compiles twice
 *   program.run({ x: new Float32Array(batch * 4).fill(1) });
 * }
 * ```
 */
export function programVariants<V extends Variant>(
  device: Device,
  build: (variant: V) => ProgramResults,
  options: CompileOptions & { readonly capacity?: number } = {},
): ProgramVariants<V> {
  const { capacity = 16, name = "program", ...rest } = options;
  const cache = new ProgramCache(capacity);
  return {
    get(variant) {
      const key = canonical(variant);
      return cache.get(key, () => compile(device, () => build(variant), { ...rest, name: `${name} ${key}` }));
    },
    get size() {
      return cache.size;
    },
    [Symbol.dispose]: () => cache[Symbol.dispose](),
  };
}

/** JSON with sorted keys: equal for equal variants and for no others. */
function canonical(variant: Variant): string {
  return JSON.stringify(variant, (_, value) => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new TypeError(`a variant of a program is made of finite numbers, got ${value}`);
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
