/**
 * The worker's side of watched fuzzing: runs case after case, and says before each what it is about to read.
 *
 * @module
 */
import { fuzzInput, readCase } from "./fuzz_case.ts";
import type { Reader } from "./reader.ts";

/** Which cases to run: all from a number on, in turns of all readers, or one number only. */
export interface CaseRange {
  /** An empty folder for the readers' files. */
  readonly folder: string;
  readonly seed: number;
  /** Only the reader of this name. */
  readonly reader?: string | undefined;
  readonly first: number;
  readonly last: number;
  /** Readers to leave out at the first number, because they have had their turn. */
  readonly skip: number;
}

/** What the worker reports. */
export type CaseMessage =
  | { readonly kind: "readers"; readonly names: readonly string[] }
  | { readonly kind: "start"; readonly reader: string; readonly number: number; readonly input: Uint8Array }
  | { readonly kind: "read" | "refused" }
  | { readonly kind: "bug"; readonly error: string }
  | { readonly kind: "finished" };

/** The scope of a module worker, which the types of the DOM do not describe. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<CaseRange>) => void) | null;
  postMessage(message: CaseMessage): void;
}

/** Serves one range of cases; the only call in the worker's module. */
export function serveCases(makeReaders: (folder: string) => Promise<Reader[]>): void {
  const scope = globalThis as unknown as WorkerScope;
  scope.onmessage = async ({ data }) => {
    const all = await makeReaders(data.folder);
    const readers = all.filter(({ name }) => data.reader === undefined || name === data.reader);
    scope.postMessage({ kind: "readers", names: readers.map(({ name }) => name) });
    for (let number = data.first; number <= data.last && readers.length > 0; number++) {
      for (const reader of number === data.first ? readers.slice(data.skip) : readers) {
        const input = fuzzInput(reader, { seed: data.seed, number });
        scope.postMessage({ kind: "start", reader: reader.name, number, input });
        const outcome = await readCase(reader, input);
        scope.postMessage(
          outcome.kind === "bug"
            ? { kind: "bug", error: (outcome.error as Error)?.stack ?? String(outcome.error) }
            : outcome,
        );
      }
    }
    scope.postMessage({ kind: "finished" });
  };
}
