import type { ImageLocation, Preprocessing } from "../image/image_source.ts";
import type { DecodeReply, DecodeRequest } from "./decode_messages.ts";

/** Images posted ahead to each worker, so that none waits for this thread. */
const AHEAD = 2;

/** One image to decode. */
export interface DecodeTask {
  image: number;
  /** For messages and, by its ending, the expected format. */
  name: string;
  location: ImageLocation;
}

/** What became of it. */
export type DecodeResult = { image: number; pixels: Uint8Array } | { image: number; bad: string };

export interface DecodePoolOptions {
  workers: number;
  size: number;
  preprocessing: Preprocessing;
  maxPixels: number;
  /** An image that takes longer is given up, and its worker replaced. Milliseconds. */
  timeout: number;
  signal?: AbortSignal | undefined;
}

interface PoolWorker {
  worker: Worker;
  /** Posted and not answered, oldest first. */
  pending: DecodeTask[];
  /** When the oldest of them began, as far as this thread knows. */
  since: number;
}

/**
 * Decodes images in Web Workers and hands each result to `onResult` (in no fixed order). Ends when all tasks have one; throws what
 * `onResult` throws, the signal's reason, or a worker's failure.
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
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #onAbort = () => this.#end.reject(this.#options.signal?.reason);
  #closed = false;

  constructor(
    tasks: Iterator<DecodeTask>,
    options: DecodePoolOptions & { onResult: (result: DecodeResult) => void },
    end: { resolve: () => void; reject: (reason: unknown) => void },
  ) {
    this.#tasks = tasks;
    this.#options = options;
    this.#end = end;
    this.#watch = setInterval(() => this.#replaceStuck(), Math.min(1000, options.timeout));
    options.signal?.addEventListener("abort", this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
    for (let i = 0; i < options.workers; i++) this.#start();
    this.#finishIfIdle();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    for (const { worker } of this.#workers) worker.terminate();
    this.#workers.clear();
  }

  #start(): void {
    const worker = new Worker(new URL("./decode_worker.ts", import.meta.url), { type: "module" });
    const member: PoolWorker = { worker, pending: [], since: performance.now() };
    worker.onmessage = (event: MessageEvent<DecodeReply>) => this.#receive(member, event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end.reject(new Error(`A decode worker failed: ${event.message}`));
    };
    const { size, preprocessing, maxPixels } = this.#options;
    worker.postMessage({ kind: "start", size, preprocessing, maxPixels } satisfies DecodeRequest);
    this.#workers.add(member);
    for (let i = 0; i < AHEAD; i++) this.#post(member);
  }

  #post(member: PoolWorker): void {
    const task = this.#returned.pop() ?? this.#next();
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
    if (this.#closed) return;
    if (reply.kind === "failed") {
      this.#end.reject(new Error(`A decode worker failed: ${reply.message}`));
      return;
    }
    member.pending.shift();
    member.since = performance.now();
    this.#report(reply.kind === "pixels" ? reply : { image: reply.image, bad: reply.reason });
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

  #replaceStuck(): void {
    for (const member of [...this.#workers]) {
      if (member.pending.length === 0 || performance.now() - member.since < this.#options.timeout) continue;
      member.worker.terminate();
      this.#workers.delete(member);
      const [stuck, ...others] = member.pending;
      this.#returned.push(...others);
      this.#report({ image: stuck!.image, bad: `decoding took longer than ${this.#options.timeout / 1000} s` });
      this.#start();
    }
    this.#finishIfIdle();
  }

  #finishIfIdle(): void {
    for (const { pending } of this.#workers) if (pending.length > 0) return;
    this.#end.resolve();
  }
}
