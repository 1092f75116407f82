/**
 * Whether files lie in a directory once links are resolved.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";

/**
 * Tells which paths lie in a directory. Remembers directories, so that a file costs one question to the file system.
 */
export class Containment {
  readonly #given: string;
  readonly #root: string;
  readonly #directories = new Map<string, string>();

  /** @throws {Deno.errors.NotFound} where there is no such directory. */
  constructor(root: string) {
    this.#given = resolve(root);
    this.#root = Deno.realPathSync(root);
  }

  /**
   * What a path is, and whether it lies in the directory after all links on the way are resolved.
   *
   * @throws {Deno.errors} what the file system reports, for a path that leads nowhere.
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
