/**
 * Every call by which a program reaches a file, so that a fault can be put in its place. For modules that are loaded
 * before the program; see {@linkcode Fault}.
 *
 * The functions of `Deno` and the methods of `Deno.FsFile` are replaced, in their synchronous and asynchronous forms.
 * Modules are loaded by other means and are not affected.
 *
 * @module
 */

/** Kinds of calls. `read` and `write` also stand for the functions that do all of it at once. */
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

/** A call that is about to happen. */
export interface FileCall {
  readonly kind: CallKind;
  /** The file; of a renaming, the new name. */
  readonly path: string;
  /** Whether it opens a file for writing or appending. */
  readonly writes: boolean;
}

/** What to do about a call. */
export interface Intervention {
  /** Thrown instead of the call. */
  readonly error?: Error;
  /** Of what is written, only this share; the rest is the caller's to write. */
  readonly share?: number;
  /** Follows the call, which has succeeded. */
  readonly after?: () => void | Promise<void>;
  /** Thrown after the first `share` of the data was written. */
  readonly errorAfter?: Error;
}

/** Chooses what happens at a call; `undefined` lets it happen. */
export type Intervene = (call: FileCall) => Intervention | undefined | void;

/** Functions of every shape are replaced by functions of the same shape. */
type AnyFunction = (...args: unknown[]) => unknown;

/** Puts `intervene` before every call to a file. */
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

/** What the system's errors look like in Deno. */
const ERRORS = {
  EIO: "Input/output error (os error 5)",
  EACCES: "Permission denied (os error 13)",
  ENOSPC: "No space left on device (os error 28)",
  EROFS: "Read-only file system (os error 30)",
  ESTALE: "Stale file handle (os error 116)",
  EINTR: "Interrupted system call (os error 4)",
} as const;

/** The name of an error of the system. */
export type SystemErrorCode = keyof typeof ERRORS;

/** An error as the system's is passed on by Deno. */
export function systemError(code: SystemErrorCode, path?: string): Error {
  const message = path ? `${ERRORS[code]}: open '${path}'` : ERRORS[code];
  const error = code === "EACCES" ? new Deno.errors.PermissionDenied(message) : new Error(message);
  return Object.assign(error, { code });
}
