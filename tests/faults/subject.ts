/**
 * What the faults are tried on: a small run of the real `train`, started as its task starts it, in a folder of its own. One run without
 * faults keeps every checkpoint; all others are compared with it, tensor by tensor and line by line.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { writePhantoms } from "../../phantoms/mod.ts";
import { readMetricsFile, runPaths } from "../../training/mod.ts";
import { type Checkpoint, latestCheckpoint, listCheckpoints, readCheckpoint } from "../../runtime/files/checkpoint.ts";
import { RunningProcess, taskCommand } from "../process.ts";
import { FaultTally } from "./fault_tally.ts";

/** Studies of the data; with a batch of 8 four steps an epoch. */
const STUDIES = 44;

/** Steps of every run. */
export const STEPS = 24;

/** A fault to put into a process before the program starts: a module of this folder with its parameters. */
export interface Fault {
  readonly module: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** How to start a process of a run. */
export interface StartOptions {
  readonly flags?: readonly string[];
  readonly fault?: Fault;
  /** A shell command that ends in the program: `$@` stands for it. */
  readonly shell?: string;
}

/** A folder with data, in which runs are started. */
export class Subject implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    private readonly expected: Expected,
    /** What was tried; the last test of a file gives the counts. */
    readonly faults = new FaultTally(),
  ) {}

  /** Draws the data and does the run without faults. */
  static async create(): Promise<Subject> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm_faults_" }));
    try {
      const data = join(folder, "phantoms");
      await writePhantoms(data, { studies: STUDIES, seed: 3, scale: 0.02, workers: 2 });
      const subject = new Subject(folder, { data, checkpoints: "", losses: new Map() });
      const { code, stderr } = await subject.start("whole", { flags: ["--checkpoint-steps", "1", "--keep", "1000"] })
        .ended;
      assert.equal(code, 0, stderr);
      const { metrics, checkpoints } = runPaths(subject.directory("whole"));
      assert.equal((await listCheckpoints(checkpoints)).length, STEPS);
      return new Subject(folder, { data, checkpoints, losses: await readLosses(metrics) });
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** A folder below this one with the same data, prepared too, for runs at the same time as those here. */
  async beside(name: string): Promise<Subject> {
    const folder = join(this.folder, name);
    await cp(join(this.folder, "cache"), join(folder, "cache"), { recursive: true });
    return new Subject(folder, this.expected, this.faults);
  }

  /** The directory of a run. */
  directory(run: string): string {
    return join(this.folder, "runs", run);
  }

  /** Which of its configurations a run has. */
  begun(run: string): { draft: boolean; config: boolean } {
    const { config, draft } = runPaths(this.directory(run));
    return { draft: existsSync(draft), config: existsSync(config) };
  }

  /** Starts a run, or goes on with it where it has begun. */
  start(run: string, options: StartOptions = {}): RunningProcess {
    const { draft, config } = this.begun(run);
    const { flags = [], ...how } = options;
    return this.task("train", [...this.#flags(), "--run", run, ...draft || config ? ["--resume"] : [], ...flags], how);
  }

  /** Starts a task in this folder with the task's own permissions. */
  task(name: string, args: readonly string[], { fault, shell }: Omit<StartOptions, "flags"> = {}): RunningProcess {
    const command = [...taskCommand(name, { preload: fault ? [moduleUrl(fault)] : [] }), ...args];
    return new RunningProcess(shell ? ["/bin/sh", "-c", shell, "sh", ...command] : command, { cwd: this.folder });
  }

  /** Goes on with a run until it is done, and compares all of it. */
  async finish(run: string): Promise<void> {
    const { code, stderr } = await this.start(run).ended;
    assert.equal(code, 0, stderr);
    await this.assertWhole(run);
  }

  /** The last checkpoint of a run and its metrics, which must be those of the run without faults. */
  async assertNothingLost(run: string, options: { since?: number; warnings?: number } = {}): Promise<number> {
    const { since = 0, warnings: expectedWarnings = 0 } = options;
    const { checkpoints, metrics } = runPaths(this.directory(run));
    const { found, warnings } = await latestCheckpoint(checkpoints);
    assert.equal(warnings.length, expectedWarnings, warnings.join("\n"));
    const step = found?.state.step ?? 0;
    assert.ok(step >= since, `${run} went back from step ${since} to ${step}`);
    if (found) await this.#assertSame(found);
    const losses = await readLosses(metrics);
    for (let i = 0; i < step; i++) assert.deepEqual(losses.get(i), this.expected.losses.get(i), `${run}, step ${i}`);
    return step;
  }

  /** A run that has come to its end, with the parameters and the metrics of the one without faults. */
  async assertWhole(run: string): Promise<void> {
    assert.equal(await this.assertNothingLost(run), STEPS);
    const { metrics, results, report, draft } = runPaths(this.directory(run));
    assert.deepEqual(await readLosses(metrics), this.expected.losses);
    assert.ok(existsSync(results) && existsSync(report) && !existsSync(draft));
    const left = [...Deno.readDirSync(this.directory(run))].map(({ name }) => name);
    assert.deepEqual(left.filter((name) => name === "lock" || /^(config|metrics).*tmp$/.test(name)), []);
  }

  async #assertSame(checkpoint: Checkpoint): Promise<void> {
    const { step } = checkpoint.state;
    const name = `step-${String(step).padStart(8, "0")}.safetensors`;
    assertSameTensors(checkpoint, await readCheckpoint(join(this.expected.checkpoints, name)));
  }

  #flags(): string[] {
    const settings = { network: "small", imageSize: 28, filterDim: 2, latentDim: 2, batchSize: 8, epochs: STEPS / 4 };
    const flags = Object.entries(settings).flatMap(([key, value]) => [
      `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ]);
    return ["--data", this.expected.data, ...flags];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Parameters, running statistics and moments, bit for bit. */
export function assertSameTensors(actual: Checkpoint, expected: Checkpoint): void {
  assert.equal(actual.state.step, expected.state.step);
  assert.deepEqual([...actual.tensors.keys()], [...expected.tensors.keys()]);
  for (const [name, { data }] of actual.tensors) {
    const same = Buffer.compare(bytes(data), bytes(expected.tensors.get(name)!.data)) === 0;
    assert.ok(same, `tensor ${name} at step ${actual.state.step} differs`);
  }
}

interface Expected {
  /** Where the phantoms are. */
  readonly data: string;
  /** Directory of the checkpoints of every step. */
  readonly checkpoints: string;
  readonly losses: ReadonlyMap<number, number[]>;
}

/** What `metrics.jsonl` says of each step, but for the times. */
async function readLosses(path: string): Promise<Map<number, number[]>> {
  const lines = await readMetricsFile(path);
  return new Map(lines.map((line) => {
    const { step, loss, reconstruction, kl, gradientNorm, alpha, learningRate } = line;
    return [step, [loss, reconstruction ?? NaN, kl ?? NaN, gradientNorm, alpha, learningRate]];
  }));
}

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function moduleUrl({ module, parameters }: Fault): string {
  const url = new URL(module, import.meta.url);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url.href;
}
