/**
 * Checks whether files are inside a directory after links are resolved.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";

/** Checks which paths are inside a directory. Caches resolved directories, so that each file costs one system call. */
export class Containment {
  readonly #given: string;
  readonly #root: string;
  readonly #directories = new Map<string, string>();

  /** @throws {Deno.errors.NotFound} if the directory does not exist. */
  constructor(root: string) {
    this.#given = resolve(root);
    this.#root = Deno.realPathSync(root);
  }

  /**
   * The file information of a path, and whether it is inside the directory after all links are resolved.
   *
   * @throws {Deno.errors} for a path that does not lead to a file.
   */
  look(path: string): { info: Deno.FileInfo; isInside: boolean } {
    const whole = resolve(path);
    const info = Deno.lstatSync(whole);
    if (info.isSymlink) return { info: Deno.statSync(whole), isInside: this.#contains(Deno.realPathSync(whole)) };
    return { info, isInside: this.#contains(join(this.#realDirectory(dirname(whole)), basename(whole))) };
  }

  #contains(real: string): boolean {
    return real.startsWith(this.#root === "/" ? "/" : `${this.#root}/`);
  }

  #realDirectory(directory: string): string {
    if (directory === this.#given) return this.#root;
    const known = this.#directories.get(directory);
    if (known !== undefined) return known;
    const parent = dirname(directory);
    const isPlain = parent !== directory && !Deno.lstatSync(directory).isSymlink;
    const real = isPlain ? join(this.#realDirectory(parent), basename(directory)) : Deno.realPathSync(directory);
    this.#directories.set(directory, real);
    return real;
  }
}
