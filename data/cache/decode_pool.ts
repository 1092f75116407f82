/**
 * A pool of Web Workers that decode and preprocess images.
 *
 * @module
 */
import type { DecodeMode, ImageLocation, Preprocessing } from "../image/image_source.ts";
import type { DecodeReply, DecodeRequest } from "./decode_messages.ts";

/** Images queued per worker, so that workers never wait for this thread. */
const AHEAD = 2;
/** Attempts per image if its worker hangs or dies. */
const ATTEMPTS = 2;
/** Consecutive worker deaths, without a result in between, before the pool gives up. */
const MAX_DEATHS = 20;

/** One image to decode. */
export interface DecodeTask {
  image: number;
  /** File name, for messages and for the format that its extension claims. */
  name: string;
  location: ImageLocation;
}

/**
 * The outcome for one image: prepared pixels with notes (bits of `IMAGE_NOTES`), the reason why the file cannot be
 * decoded, or the reason why this attempt failed although the image may be fine.
 */
export type DecodeResult =
  | { image: number; pixels: Uint8Array; notes: number }
  | { image: number; bad: string }
  | { image: number; unread: string; isGone?: boolean; isTooLarge?: boolean };

export interface DecodePoolOptions {
  workers: number;
  size: number;
  preprocessing: Preprocessing;
  maxPixels: number;
  /** The window of DICOM images, as `--window` takes it. */
  window: string;
  decode: DecodeMode;
  /** Memory budget for all images being decoded, in bytes. */
  imageMemory: number;
  /** Time limit per image in milliseconds. An image that exceeds it is retried once in another worker. */
  timeout: number;
  signal?: AbortSignal | undefined;
}

interface PoolWorker {
  worker: Worker;
  /** Tasks posted and not yet answered, oldest first. */
  pending: DecodeTask[];
  /** When the oldest of them started, as seen by this thread. */
  since: number;
}

/**
 * Decodes images in Web Workers and hands each result to `onResult` (in no fixed order). A worker that hangs or dies is
 * replaced; at most the image it was working on is lost. Each worker may use its share of the image memory; larger
 * images are decoded last, one at a time in a single worker.
 *
 * Resolves when all tasks have a result. Rejects with an exception thrown by `onResult`, with the signal's reason, or
 * with an error if workers keep dying.
 */
export function decodeAll(
  tasks: Iterator<DecodeTask>,
  options: DecodePoolOptions & { onResult: (result: DecodeResult) => void },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const pool = new DecodePool(tasks, options, { resolve, reject });
  return promise.finally(() => pool.close());
}

class DecodePool {
  readonly #tasks: Iterator<DecodeTask>;
  readonly #options: DecodePoolOptions & { onResult: (result: DecodeResult) => void };
  readonly #end: { resolve: () => void; reject: (reason: unknown) => void };
  readonly #workers = new Set<PoolWorker>();
  readonly #returned: DecodeTask[] = [];
  /** Images that need more than a worker's share of the memory. */
  readonly #large: DecodeTask[] = [];
  readonly #attempts = new Map<number, number>();
  readonly #interval: number;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #onAbort = () => this.#end.reject(this.#options.signal?.reason);
  #lastWatch = performance.now();
  #deaths = 0;
  #isLargeRound = false;
  #closed = false;

  constructor(
    tasks: Iterator<DecodeTask>,
    options: DecodePoolOptions & { onResult: (result: DecodeResult) => void },
    end: { resolve: () => void; reject: (reason: unknown) => void },
  ) {
    this.#tasks = tasks;
    this.#options = options;
    this.#end = end;
    this.#interval = Math.min(1000, options.timeout);
    this.#watch = setInterval(() => this.#replaceStuck(), this.#interval);
    options.signal?.addEventListener("abort", this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
    for (let i = 0; i < options.workers; i++) this.#start(options.imageMemory / options.workers);
    this.#finishIfIdle();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    for (const member of [...this.#workers]) this.#stop(member);
  }

  #start(maxBytes: number): void {
    const worker = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
    const member: PoolWorker = { worker, pending: [], since: performance.now() };
    worker.onmessage = (event: MessageEvent<DecodeReply>) => this.#receive(member, event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#bury(member, event.message);
    };
    const { size, preprocessing, maxPixels, window, decode } = this.#options;
    const start = { kind: "start", size, preprocessing, maxPixels, maxBytes, window, decode } as const;
    worker.postMessage(start satisfies DecodeRequest);
    this.#workers.add(member);
    for (let i = 0; i < AHEAD; i++) this.#post(member);
  }

  #stop(member: PoolWorker): void {
    member.worker.terminate();
    this.#workers.delete(member);
  }

  #post(member: PoolWorker): void {
    const task = this.#returned.pop() ?? (this.#isLargeRound ? this.#large.pop() : this.#next());
    if (task === undefined) return;
    if (member.pending.length === 0) member.since = performance.now();
    member.pending.push(task);
    member.worker.postMessage({ kind: "image", ...task } satisfies DecodeRequest);
  }

  #next(): DecodeTask | undefined {
    try {
      const next = this.#tasks.next();
      return next.done ? undefined : next.value;
    } catch (error) {
      this.#end.reject(error);
      return undefined;
    }
  }

  #receive(member: PoolWorker, reply: DecodeReply): void {
    if (this.#closed || !this.#workers.has(member)) return;
    if (reply.kind === "failed") {
      this.#bury(member, reply.message);
      return;
    }
    this.#deaths = 0;
    const task = member.pending.shift()!;
    member.since = performance.now();
    if (reply.kind === "pixels") this.#report(reply);
    else if (reply.kind === "bad") this.#report({ image: reply.image, bad: reply.reason });
    else if (reply.kind === "unread") this.#report({ image: reply.image, unread: reply.reason, isGone: reply.isGone });
    else if (reply.bytes <= this.#options.imageMemory) this.#large.push(task);
    else this.#report({ image: reply.image, unread: memoryReason(reply.bytes, this.#options), isTooLarge: true });
    this.#post(member);
    this.#finishIfIdle();
  }

  #report(result: DecodeResult): void {
    try {
      this.#options.onResult(result);
    } catch (error) {
      this.#end.reject(error);
    }
  }

  /** Replaces a dead worker; the image it was working on is retried once. */
  #bury(member: PoolWorker, message: string): void {
    if (this.#closed || !this.#workers.has(member)) return;
    if (++this.#deaths > MAX_DEATHS) {
      this.#end.reject(new Error(`decode workers keep failing: ${message}`));
      return;
    }
    this.#replace(member, `its decoder failed (${message})`);
    this.#finishIfIdle();
  }

  #replaceStuck(): void {
    const now = performance.now();
    // Time during which this process was paused (SIGSTOP, a suspended machine) does not count towards the limit.
    const pause = now - this.#lastWatch - 2 * this.#interval;
    this.#lastWatch = now;
    for (const member of [...this.#workers]) {
      if (pause > 0) member.since = now;
      if (member.pending.length === 0 || now - member.since < this.#options.timeout) continue;
      this.#replace(member, `decoding took longer than ${this.#options.timeout / 1000} s`);
    }
    this.#finishIfIdle();
  }

  #replace(member: PoolWorker, why: string): void {
    this.#stop(member);
    const [stuck, ...others] = member.pending;
    this.#returned.push(...others);
    if (stuck !== undefined) {
      const attempts = (this.#attempts.get(stuck.image) ?? 0) + 1;
      this.#attempts.set(stuck.image, attempts);
      if (attempts < ATTEMPTS) this.#returned.push(stuck);
      else this.#report({ image: stuck.image, unread: why });
    }
    const { imageMemory, workers } = this.#options;
    if (!this.#closed) this.#start(this.#isLargeRound ? imageMemory : imageMemory / workers);
  }

  #finishIfIdle(): void {
    for (const { pending } of this.#workers) if (pending.length > 0) return;
    if (this.#large.length === 0) {
      this.#end.resolve();
    } else if (!this.#isLargeRound && !this.#closed) {
      // Stopping the workers releases their memory.
      for (const member of [...this.#workers]) this.#stop(member);
      this.#isLargeRound = true;
      this.#start(this.#options.imageMemory);
    }
  }
}

function memoryReason(bytes: number, { imageMemory }: DecodePoolOptions): string {
  const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
  return `decoding takes ${mebibytes(bytes)} and 'prepare --image-memory' allows ${mebibytes(imageMemory)}`;
}
