/**
 * A subset of `node:assert/strict` for browsers: what the engine's tests use.
 *
 * @module
 */

/** Thrown if an assertion fails. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

type Message = string | Error | undefined;

function failWith(message: Message, otherwise: string): never {
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? otherwise : `${message}: ${otherwise}`);
}

function show(value: unknown): string {
  if (typeof value === "function" || value instanceof Error || value instanceof RegExp) return String(value);
  const text = JSON.stringify(value, (_, part) => {
    if (typeof part === "number" && (!Number.isFinite(part) || Object.is(part, -0))) {
      return Object.is(part, -0) ? "-0" : String(part);
    }
    if (part instanceof Map || part instanceof Set) return [...part];
    return ArrayBuffer.isView(part) && !(part instanceof DataView) ? Array.from(part as Float32Array) : part;
  });
  return text === undefined ? String(value) : text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

function keysOf(value: object): (string | symbol)[] {
  return Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

/** Deep strict equality for the kinds of values that tests compare. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
  if (a instanceof Error && b instanceof Error) return a.name === b.name && a.message === b.message;
  if (a instanceof Set && b instanceof Set) {
    return a.size === b.size && [...a].every((one) => b.has(one) || [...b].some((other) => same(one, other)));
  }
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && same(value, b.get(key)));
  }
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) return same(new Uint8Array(a), new Uint8Array(b));
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  const [own, other] = [keysOf(a), keysOf(b)];
  return own.length === other.length &&
    own.every((key) => Object.hasOwn(b, key) && same(Reflect.get(a, key), Reflect.get(b, key)));
}

/** An expected error: a class, a pattern of the message, some properties, or a predicate. */
type Expected =
  | RegExp
  | (new (...args: never[]) => Error)
  | ((error: Error) => unknown)
  | Readonly<Record<string, unknown>>;

function checkError(error: unknown, expected: Expected | string | undefined, message: Message): void {
  if (expected === undefined || typeof expected === "string") return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) failWith(message, `${error} does not match ${expected}`);
    return;
  }
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (expected.prototype instanceof Error) failWith(message, `${error} is not a ${expected.name}`);
    const test = expected as (error: unknown) => unknown;
    if (test(error) !== true) failWith(message, `${error} is not the expected error`);
    return;
  }
  for (const [key, want] of Object.entries(expected)) {
    const got = Reflect.get(error as object, key);
    const matches = want instanceof RegExp && typeof got === "string" ? want.test(got) : same(got, want);
    if (!matches) failWith(message, `the error's ${key} is ${show(got)}, not ${show(want)}`);
  }
}

function ok(value: unknown, message?: Message): asserts value {
  if (!value) failWith(message, `${show(value)} is not true`);
}

function equal(got: unknown, want: unknown, message?: Message): void {
  if (!Object.is(got, want)) failWith(message, `got ${show(got)}, not ${show(want)}`);
}

function notEqual(got: unknown, other: unknown, message?: Message): void {
  if (Object.is(got, other)) failWith(message, `got ${show(got)}`);
}

function deepEqual(got: unknown, want: unknown, message?: Message): void {
  if (!same(got, want)) failWith(message, `got ${show(got)}, not ${show(want)}`);
}

function notDeepEqual(got: unknown, other: unknown, message?: Message): void {
  if (same(got, other)) failWith(message, `got ${show(got)}`);
}

function match(text: string, pattern: RegExp, message?: Message): void {
  if (!pattern.test(text)) failWith(message, `${show(text)} does not match ${pattern}`);
}

function doesNotMatch(text: string, pattern: RegExp, message?: Message): void {
  if (pattern.test(text)) failWith(message, `${show(text)} matches ${pattern}`);
}

function fail(message?: Message): never {
  failWith(message, "failed");
}

function throws(work: () => unknown, expected?: Expected | string, message?: Message): void {
  let error: unknown;
  let thrown = false;
  try {
    work();
  } catch (reason) {
    [error, thrown] = [reason, true];
  }
  if (!thrown) failWith(typeof expected === "string" ? expected : message, "nothing was thrown");
  checkError(error, expected, message);
}

async function rejects(
  work: Promise<unknown> | (() => Promise<unknown>),
  expected?: Expected | string,
  message?: Message,
): Promise<void> {
  const outcome = await (typeof work === "function" ? work() : work).then(
    () => ({ rejected: false, reason: undefined as unknown }),
    (reason: unknown) => ({ rejected: true, reason }),
  );
  if (!outcome.rejected) failWith(typeof expected === "string" ? expected : message, "the promise was not rejected");
  checkError(outcome.reason, expected, message);
}

export default {
  AssertionError,
  deepEqual,
  doesNotMatch,
  equal,
  fail,
  match,
  notDeepEqual,
  notEqual,
  ok,
  rejects,
  throws,
};
