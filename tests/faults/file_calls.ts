/**
 * Intercepts a program's file operations, so that preload modules (see {@linkcode Fault}) can inject faults.
 *
 * Replaces the functions of `Deno` and the methods of `Deno.FsFile`, both synchronous and asynchronous. Module loading
 * does not go through them and is not affected.
 *
 * @module
 */

/** Kinds of operations. `read` and `write` include the functions for whole files, such as `Deno.readFile()`. */
export type CallKind =
  | "open"
  | "read"
  | "write"
  | "sync"
  | "rename"
  | "remove"
  | "mkdir"
  | "stat"
  | "readDir"
  | "lock"
  | "truncate";

/** An operation that is about to take place. */
export interface FileCall {
  readonly kind: CallKind;
  /** Path of the file; for a rename, the new path. */
  readonly path: string;
  /** Whether it opens a file for writing or appending. */
  readonly writes: boolean;
}

/** How to interfere with an operation. */
export interface Intervention {
  /** Thrown instead of the operation. */
  readonly error?: Error;
  /** Writes only this share of the data; the caller sees a short write. */
  readonly share?: number;
  /** Called after the operation has succeeded. */
  readonly after?: () => void | Promise<void>;
  /** Thrown after the first `share` of the data was written. */
  readonly errorAfter?: Error;
}

/** Decides how to interfere with an operation; `undefined` lets it proceed. */
export type Intervene = (call: FileCall) => Intervention | undefined | void;

/** Any function: replacements keep the signature of the original. */
type AnyFunction = (...args: unknown[]) => unknown;

/** Calls `intervene` before every file operation. */
export function interceptFileCalls(intervene: Intervene): void {
  const paths = new WeakMap<object, string>();
  const deno = Deno as unknown as Record<string, AnyFunction>;
  const methods = Deno.FsFile.prototype as unknown as Record<string, AnyFunction>;

  const replace = (
    owner: Record<string, AnyFunction>,
    name: string,
    about: { kind: CallKind; path: (self: object, args: unknown[]) => string; data?: boolean },
  ) => {
    const original = owner[name]!;
    owner[name] = function (this: object, ...args: unknown[]) {
      const path = about.path(this, args);
      const options = args[1] as Deno.OpenOptions | undefined;
      const writes = about.kind === "open" && Boolean(options?.write || options?.append);
      const plan = intervene({ kind: about.kind, path, writes });
      if (plan?.error) {
        if (name.endsWith("Sync") || name === "readDir") throw plan.error;
        return Promise.reject(plan.error);
      }
      const given = about.data && plan?.share !== undefined
        ? [
          (args[0] as Uint8Array).subarray(0, Math.floor((args[0] as Uint8Array).length * plan.share)),
          ...args.slice(1),
        ]
        : args;
      const finish = (result: unknown) => {
        if (about.kind === "open") paths.set(result as object, path);
        if (plan?.errorAfter) {
          if (about.kind === "open") (result as Deno.FsFile).close();
          throw plan.errorAfter;
        }
        const wait = plan?.after?.();
        return wait ? wait.then(() => result) : result;
      };
      const result = original.apply(this, given);
      return result instanceof Promise ? result.then(finish) : finish(result);
    };
  };

  const first = (_self: object, args: unknown[]) => String(args[0]);
  const second = (_self: object, args: unknown[]) => String(args[1]);
  const opened = (self: object) => paths.get(self) ?? "";
  const functions: [CallKind, string, typeof first][] = [
    ["open", "open", first],
    ["read", "readFile", first],
    ["read", "readTextFile", first],
    ["write", "writeFile", first],
    ["write", "writeTextFile", first],
    ["rename", "rename", second],
    ["remove", "remove", first],
    ["mkdir", "mkdir", first],
    ["stat", "stat", first],
    ["stat", "lstat", first],
    ["truncate", "truncate", first],
  ];
  for (const [kind, name, path] of functions) {
    replace(deno, name, { kind, path });
    replace(deno, `${name}Sync`, { kind, path });
  }
  replace(deno, "readDir", { kind: "readDir", path: first });
  replace(deno, "readDirSync", { kind: "readDir", path: first });
  const onFiles: [CallKind, string, boolean][] = [
    ["read", "read", false],
    ["write", "write", true],
    ["sync", "sync", false],
    ["sync", "syncData", false],
    ["truncate", "truncate", false],
  ];
  for (const [kind, name, data] of onFiles) {
    replace(methods, name, { kind, path: opened, data });
    replace(methods, `${name}Sync`, { kind, path: opened, data });
  }
  replace(methods, "tryLock", { kind: "lock", path: opened });
}

/** System errors as Deno throws them. */
const ERRORS = {
  EIO: "Input/output error (os error 5)",
  EACCES: "Permission denied (os error 13)",
  ENOSPC: "No space left on device (os error 28)",
  EROFS: "Read-only file system (os error 30)",
  ESTALE: "Stale file handle (os error 116)",
  EINTR: "Interrupted system call (os error 4)",
} as const;

/** The code of a system error. */
export type SystemErrorCode = keyof typeof ERRORS;

/** Creates a system error as Deno would throw it. */
export function systemError(code: SystemErrorCode, path?: string): Error {
  const message = path ? `${ERRORS[code]}: open '${path}'` : ERRORS[code];
  const error = code === "EACCES" ? new Deno.errors.PermissionDenied(message) : new Error(message);
  return Object.assign(error, { code });
}
