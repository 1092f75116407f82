/**
 * Files by which tensors and settings are passed to the peers: `NAME.json` has names, shapes and offsets, `NAME.f32`
 * the numbers.
 *
 * Must not import any package, because it also runs in the peers' processes, which have other packages.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Number of steps whose losses are compared. */
export const CHECKED_STEPS = 3;

/** The data passed to the peers. */
export interface Exchange {
  readonly settings: Readonly<Record<string, number>>;
  /** Tensors by name, in PyTorch's layouts. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

interface Header {
  readonly settings: Readonly<Record<string, number>>;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly first: number }[];
}

/** Writes both files. */
export async function writeExchange(folder: string, options: { name: string; exchange: Exchange }): Promise<void> {
  const { name, exchange } = options;
  const entries = [...exchange.tensors];
  const all = new Float32Array(entries.reduce((total, [, { data }]) => total + data.length, 0));
  let first = 0;
  const tensors = entries.map(([name, { shape, data }]) => {
    const entry = { name, shape, first };
    all.set(data, first);
    first += data.length;
    return entry;
  });
  const header: Header = { settings: exchange.settings, tensors };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), JSON.stringify(header));
  await writeFile(join(folder, `${name}.f32`), new Uint8Array(all.buffer));
}

/** Reads files written by {@link writeExchange}. */
export async function readExchange(folder: string, name: string): Promise<Exchange> {
  const header = JSON.parse(await readFile(join(folder, `${name}.json`), "utf8")) as Header;
  const bytes = await readFile(join(folder, `${name}.f32`));
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return {
    settings: header.settings,
    tensors: new Map(header.tensors.map(({ name, shape, first }) => {
      const size = shape.reduce((total, axis) => total * axis, 1);
      return [name, { shape, data: all.slice(first, first + size) }];
    })),
  };
}
