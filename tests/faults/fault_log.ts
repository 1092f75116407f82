/**
 * The log of a sweep over faults: a line of JSON for every case, so that a later sweep goes on where it ended.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { FaultCase } from "./file_intervention.ts";

/** A line of the log. */
export interface LoggedCase extends FaultCase {
  readonly task: string;
  /** How many of the task's cases this sweep had tried by then, of how many that it was to try. */
  readonly tried: number;
  readonly of: number;
  /** How many of the faults took place, and how many of them ended the task. */
  readonly hit: number;
  readonly failed: number;
  /** What was lost, if anything was. */
  readonly problem?: string | undefined;
}

/** A log of cases; without a path nothing is kept. */
export class FaultLog {
  readonly #path: string | undefined;
  readonly #passed = new Set<string>();

  /** Reads the cases that an earlier sweep has passed. Sites name lines: a place whose lines have moved is new. */
  constructor(path: string | undefined) {
    this.#path = path;
    if (path === undefined || !existsSync(path)) return;
    for (const line of Deno.readTextFileSync(path).trimEnd().split("\n")) {
      const { task, problem, ...rest } = JSON.parse(line) as LoggedCase;
      if (problem === undefined) this.#passed.add(keyOf(task, rest));
    }
  }

  /** Whether a case was tried before and lost nothing. */
  hasPassed(task: string, tried: FaultCase): boolean {
    return this.#passed.has(keyOf(task, tried));
  }

  /** Adds a case. */
  async add(line: LoggedCase): Promise<void> {
    if (this.#path !== undefined) await Deno.writeTextFile(this.#path, JSON.stringify(line) + "\n", { append: true });
  }
}

function keyOf(task: string, { fault, site, occurrence }: FaultCase): string {
  return JSON.stringify([task, fault, site, occurrence]);
}
